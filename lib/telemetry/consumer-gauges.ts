import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Meter, ObservableCallback } from '@opentelemetry/api';
import { HandlerRegistry } from '../consumer/handler.registry.js';
import { KafkaConsumerService } from '../consumer/kafka-consumer.service.js';
import type { PartitionLag } from '../engine/partition-lag.js';
import { settlesWithin } from '../engine/wait.js';
import { KAFKA_CONNECTION } from '../kafka.constants.js';
import { AttributeSets } from './attribute-sets.js';
import { Guard } from './guard.js';
import { loadOpenTelemetry, meterOf } from './opentelemetry.js';
import { gaugePartitions } from './partition-gauges.js';

/** Whoever collects does not wait for ever, and goes without all other numbers if this one takes longer. */
const longestLagMs = 3_000;

const restarts = {
  name: 'kafka.consumer.restarts',
  unit: '{restart}',
  description: 'How often the connections of a consumer were made anew',
};
const lag = {
  name: 'kafka.consumer.lag',
  unit: '{message}',
  description: 'Messages between the position of a partition and its last stable offset',
};

/** Tells how a connection's consumer is, whenever somebody collects it; from the application's start until it has drained. */
@Injectable()
export class ConsumerGauges implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly guard = new Guard(new Logger('KafkaTelemetry'));
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
      if (meter) this.endings = [this.partitions(meter), this.restarts(meter), this.lag(meter)];
    } catch (error) {
      this.guard.report(error);
    }
  }

  beforeApplicationShutdown(): void {
    for (const end of this.endings.splice(0)) this.guard.call(end, undefined);
  }

  private partitions(meter: Meter): () => void {
    return gaugePartitions(meter, this.sets, () => this.consumer.assignments());
  }

  private restarts(meter: Meter): () => void {
    const { name, ...options } = restarts;
    const counter = meter.createObservableCounter(name, options);
    const callback: ObservableCallback = (result) => {
      for (const group of this.registry.bind().keys()) {
        const status = this.consumer.status(group);
        if (status) result.observe(status.restarts, this.sets.group(group));
      }
    };
    counter.addCallback(callback);
    return () => counter.removeCallback(callback);
  }

  /** Brokers that cannot be asked leave a gap, and hold up nothing else. */
  private lag(meter: Meter): () => void {
    const { name, ...options } = lag;
    const gauge = meter.createObservableGauge(name, options);
    const callback: ObservableCallback = async (result) => {
      for (const { group, topic, partition, lag } of await this.lags()) {
        result.observe(lag, this.sets.partition(group, topic, partition));
      }
    };
    gauge.addCallback(callback);
    return () => gauge.removeCallback(callback);
  }

  private async lags(): Promise<PartitionLag[]> {
    try {
      const lags = this.consumer.lag();
      return (await settlesWithin(lags, longestLagMs)) ? await lags : [];
    } catch (error) {
      this.guard.report(error);
      return [];
    }
  }
}
