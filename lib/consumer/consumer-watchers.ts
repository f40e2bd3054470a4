import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { NestLogger } from '../connection/nest-logger.js';
import { Observers } from '../engine/observers.js';
import type { Watchers } from '../engine/recovery/watchers.js';
import type { Telemetry } from '../engine/telemetry.js';
import { KAFKA_TELEMETRY } from '../kafka.constants.js';
import { ConsumerObserver } from '../messaging/consumer-observer.js';

/** Who is told what consumers do: the application's observers, and what measures. */
@Injectable()
export class ConsumerWatchers {
  constructor(
    private readonly moduleRef: ModuleRef,
    @Inject(KAFKA_TELEMETRY) private readonly telemetry: Telemetry,
  ) {}

  get(): Watchers {
    const { observer, tracer, meter } = this.telemetry;
    const all = [...this.provided(), ...(observer ? [observer] : [])];
    return { observer: Observers.of(all, new NestLogger(ConsumerObserver.name)), tracer, meter };
  }

  /**
   * Nest throws where it finds none.
   *
   * @throws what else keeps them from being found, such as a scope
   */
  private provided(): ConsumerObserver[] {
    try {
      return this.moduleRef.get(ConsumerObserver, { strict: false, each: true });
    } catch (error) {
      if ((error as Error).constructor.name === 'UnknownElementException') return [];
      throw error;
    }
  }
}
