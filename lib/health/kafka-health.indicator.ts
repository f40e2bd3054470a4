import { Injectable } from '@nestjs/common';
import type { KafkaHealthReport } from './health-report.js';
import { KafkaHealth } from './kafka-health.js';

/**
 * What a health indicator of Terminus returns, as its `HealthIndicatorService` makes it. Declared here, so that this entry point
 * loads and compiles where Terminus is not installed.
 *
 * @publicApi
 */
export type KafkaHealthResult<Key extends string = string> = Record<Key, KafkaHealthReport>;

/**
 * {@link KafkaHealth} for `HealthCheckService.check()` of `@nestjs/terminus`, 11 or 12.
 *
 * @publicApi
 */
@Injectable()
export class KafkaHealthIndicator {
  constructor(private readonly health: KafkaHealth) {}

  /** @param key under which it is told. @default 'kafka' */
  startup<Key extends string = 'kafka'>(key = 'kafka' as Key): KafkaHealthResult<Key> {
    return result(key, this.health.startup());
  }

  /** @param key under which it is told. @default 'kafka' */
  readiness<Key extends string = 'kafka'>(key = 'kafka' as Key): KafkaHealthResult<Key> {
    return result(key, this.health.readiness());
  }

  /** @param key under which it is told. @default 'kafka' */
  liveness<Key extends string = 'kafka'>(key = 'kafka' as Key): KafkaHealthResult<Key> {
    return result(key, this.health.liveness());
  }
}

function result<Key extends string>(key: Key, report: KafkaHealthReport): KafkaHealthResult<Key> {
  return { [key]: report } as KafkaHealthResult<Key>;
}
