import { Inject, Injectable, Optional } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { KafkaConsumerService } from '../consumer/kafka-consumer.service.js';
import type { GroupConsumerStatus, PartitionStatus } from '../engine/consumer-status.js';
import { fault, note, type Finding } from './finding.js';
import { reportOf, type KafkaHealthReport } from './health-report.js';
import { KAFKA_HEALTH_OPTIONS, withDefaults, type KafkaHealthOptions } from './kafka-health.options.js';
import { connectionFindings, readinessFindings, startupFindings } from './membership-findings.js';
import { progressFindings, restraintFindings, unplacedFindings } from './progress-findings.js';

type Examine = (status: GroupConsumerStatus, partitions: readonly PartitionStatus[]) => Finding[];

/**
 * Tells how the consumers of all connections and groups are, at once and without asking any broker. Needs no Terminus.
 *
 * @publicApi
 */
@Injectable()
export class KafkaHealth {
  private readonly options: Required<KafkaHealthOptions>;

  constructor(
    private readonly modules: ModulesContainer,
    @Optional() @Inject(KAFKA_HEALTH_OPTIONS) options?: KafkaHealthOptions,
  ) {
    this.options = withDefaults(options ?? {});
  }

  /** `up` once every group has been joined. */
  startup(): KafkaHealthReport {
    return this.examine((status) => startupFindings(status));
  }

  /** `up` while every consumer reads its partitions, or has a good reason to read none. */
  readiness(): KafkaHealthReport {
    const { stallLimitMs } = this.options;
    return this.examine((status, partitions) => [
      ...readinessFindings(status, stallLimitMs),
      ...unplacedFindings(status, Infinity),
      ...restraintFindings(status, partitions),
    ]);
  }

  /** `down` when a consumer has stood still for longer than `stallLimitMs`, whatever keeps it. */
  liveness(): KafkaHealthReport {
    const { stallLimitMs } = this.options;
    return this.examine((status, partitions) => [
      ...connectionFindings(status, stallLimitMs, new Date()),
      ...progressFindings(partitions, stallLimitMs),
      ...unplacedFindings(status, stallLimitMs),
      ...restraintFindings(status, partitions),
    ]);
  }

  private examine(examine: Examine): KafkaHealthReport {
    const consumers = this.consumers;
    const examined = consumers.flatMap((consumer) => {
      const { connection } = consumer;
      const statuses = consumer.statuses();
      const findingsOf = (status: GroupConsumerStatus): Finding[] =>
        examine(status, consumer.assignments(status.group));
      return statuses.map((status) => ({ connection, status, findings: findingsOf(status) }));
    });
    const others = consumers.filter(({ connection }) => !examined.some((one) => one.connection === connection));
    return reportOf(
      examined,
      consumers.length === 0 ? [note('no KafkaModule is imported')] : others.map(withoutGroups),
    );
  }

  /** Of all connections, whatever they are called. */
  private get consumers(): KafkaConsumerService[] {
    const provided = [...this.modules.values()].map(({ providers }) => providers.get(KafkaConsumerService)?.instance);
    return provided.filter((instance) => instance instanceof KafkaConsumerService);
  }
}

function withoutGroups({ connection, isBound }: KafkaConsumerService): Finding {
  const name = `connection "${connection}"`;
  return isBound ? note(`${name} has no handlers: nothing to consume`) : fault(`${name} has not been started yet`);
}
