import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { NestLogger } from '../connection/nest-logger.js';
import { HandlerRegistry } from '../consumer/handler.registry.js';
import { KafkaConsumerService } from '../consumer/kafka-consumer.service.js';
import { partitionName, type TopicPartition } from '../engine/client/consumer-client.js';
import type { PartitionStatus } from '../engine/consumer-status.js';
import { settlesWithin } from '../engine/wait.js';
import { KAFKA_CONNECTION } from '../kafka.constants.js';
import { AttributeSets } from './attribute-sets.js';
import type { Reading, Source } from './gauge.js';
import { attribute } from './names.js';
import { Guard } from './guard.js';
import { Instruments } from './instruments.js';
import { loadOpenTelemetry, meterOf } from './opentelemetry.js';

/** Whoever collects does not wait for ever, and goes without all other numbers if this one takes longer. */
const longestLagMs = 3_000;

type Place = TopicPartition & { readonly group: string };

/** Tells how a connection's consumer is, whenever somebody collects it; from the application's start until it has drained. */
@Injectable()
export class ConsumerGauges implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly guard = new Guard(new NestLogger('KafkaTelemetry'));
  private readonly sets: AttributeSets;
  private endings: (() => void)[] = [];

  constructor(
    private readonly consumer: KafkaConsumerService,
    private readonly registry: HandlerRegistry,
    @Inject(KAFKA_CONNECTION) connection: string,
  ) {
    this.sets = new AttributeSets(connection);
  }

  async onApplicationBootstrap(): Promise<void> {
    try {
      const api = await loadOpenTelemetry();
      const meter = api && meterOf(api);
      if (!meter) return;
      const instruments = Instruments.of(meter);
      this.endings = [...this.gauges(instruments), this.restarts(instruments)];
    } catch (error) {
      this.guard.report(error);
    }
  }

  beforeApplicationShutdown(): void {
    for (const end of this.endings.splice(0)) this.guard.call(end, undefined);
  }

  private gauges({ open, running, openAge, paused, metadataFill, lag }: Instruments): (() => void)[] {
    return [
      open.add(this.reading((status) => status.open)),
      running.add(this.reading((status) => status.running)),
      openAge.add(this.reading((status) => status.oldestOpenMs / 1_000)),
      paused.add(() => this.pauses()),
      metadataFill.add(this.reading((status) => status.metadataFill)),
      lag.add(() => this.lags()),
    ];
  }

  private reading(read: (status: PartitionStatus) => number): Source {
    return () => this.consumer.assignments().map((status) => this.readingOf(status, read(status)));
  }

  private readingOf({ group, topic, partition }: Place, value: number | undefined): Reading {
    return { attributes: this.sets.partition(group, topic, partition), value };
  }

  private pauses(): Reading[] {
    return this.consumer.assignments().flatMap((status) => {
      const { attributes } = this.readingOf(status, undefined);
      return status.pausedFor.map((reason) => ({
        attributes: { ...attributes, [attribute.pauseReason]: reason },
        value: 1,
      }));
    });
  }

  /** Not known of partitions whose brokers do not tell in time. */
  private async lags(): Promise<Reading[]> {
    const known = await this.knownLags();
    return this.consumer.assignments().map((status) => this.readingOf(status, known.get(nameOf(status))));
  }

  private async knownLags(): Promise<ReadonlyMap<string, number>> {
    try {
      const asked = this.consumer.lag();
      const lags = (await settlesWithin(asked, longestLagMs)) ? await asked : [];
      return new Map(lags.map((lag) => [nameOf(lag), lag.lag]));
    } catch (error) {
      this.guard.report(error);
      return new Map();
    }
  }

  /** Those of all applications that the process has had are added up. */
  private restarts({ restarts }: Instruments): () => void {
    const told = new Map<string, number>();
    const update = (): void => {
      for (const group of this.registry.bind().keys()) {
        const status = this.consumer.status(group);
        if (!status) continue;
        restarts.of(this.sets.group(group)).value += status.restarts - (told.get(group) ?? 0);
        told.set(group, status.restarts);
      }
    };
    return restarts.add(() => this.guard.call(update, undefined));
  }
}

function nameOf(place: Place): string {
  return `${place.group}/${partitionName(place)}`;
}
