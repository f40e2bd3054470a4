import { Injectable, Module } from '@nestjs/common';
import { ConsumerObserver, type AttemptEvent, type FailedEvent } from '@things-kit/nestjs-kafka';

@Injectable()
export class Metrics {
  readonly processed: { topic: string; durationMs: number; error?: unknown }[] = [];

  recordMessageProcessing(topic: string, durationMs: number, error?: unknown): void {
    this.processed.push({ topic, durationMs, error });
  }
}

@Injectable()
export class MetricsObserver extends ConsumerObserver {
  constructor(private readonly metrics: Metrics) {
    super();
  }

  override succeeded({ topic, durationMs }: AttemptEvent): void {
    this.metrics.recordMessageProcessing(topic, durationMs);
  }

  override failed({ topic, durationMs, error }: FailedEvent): void {
    this.metrics.recordMessageProcessing(topic, durationMs, error);
  }
}

@Module({ providers: [Metrics, { provide: ConsumerObserver, useClass: MetricsObserver }] })
export class MetricsModule {}
