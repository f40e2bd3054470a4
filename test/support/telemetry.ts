import { context, metrics, propagation, trace, type Attributes } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  type DataPoint,
  type Histogram,
  MeterProvider,
  MetricReader,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { eventually } from './eventually.js';

/** Collects when a spec asks for it. */
class InMemoryReader extends MetricReader {
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
}

/** Metrics of this process, as an SDK that is set before the application starts collects them. */
export class CollectedMetrics {
  private readonly reader = new InMemoryReader();

  private constructor() {
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [this.reader] }));
  }

  static start(): CollectedMetrics {
    return new CollectedMetrics();
  }

  stop(): void {
    metrics.disable();
  }

  /** What is told now, by name. */
  async collect(): Promise<Map<string, MetricData>> {
    const { resourceMetrics, errors } = await this.reader.collect();
    if (errors.length > 0) throw errors[0];
    const all = resourceMetrics.scopeMetrics.filter(({ scope }) => scope.name === '@things-kit/nestjs-kafka');
    return new Map(all.flatMap((scope) => scope.metrics).map((metric) => [metric.descriptor.name, metric]));
  }

  /** The numbers of a metric, each with what it is told apart by. */
  async numbers(name: string): Promise<[value: number, attributes: Attributes][]> {
    const points = ((await this.collect()).get(name)?.dataPoints ?? []) as DataPoint<number>[];
    return points.map(({ value, attributes }) => [value, attributes]);
  }

  /** Of a metric that is a histogram. */
  async histograms(name: string): Promise<[histogram: Histogram, attributes: Attributes][]> {
    const points = ((await this.collect()).get(name)?.dataPoints ?? []) as DataPoint<Histogram>[];
    return points.map(({ value, attributes }) => [value, attributes]);
  }
}

/** Spans of this process, as an SDK that is set before the application starts exports them. */
export class CollectedSpans {
  readonly exporter = new InMemorySpanExporter();

  private constructor(sampler: Sampler) {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    const spanProcessors = [new SimpleSpanProcessor(this.exporter)];
    trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler, spanProcessors }));
  }

  static start(sampler: Sampler = new AlwaysOnSampler()): CollectedSpans {
    return new CollectedSpans(sampler);
  }

  stop(): void {
    trace.disable();
    context.disable();
    propagation.disable();
  }

  named(name: string): ReadableSpan[] {
    return this.exporter.getFinishedSpans().filter((span) => span.name === name);
  }

  /** Waits until so many spans of a name have ended. */
  async ended(name: string, count = 1): Promise<ReadableSpan[]> {
    await eventually(() => this.named(name).length >= count, {
      message: () => `expected ${count} spans "${name}", got ${this.describe()}`,
    });
    return this.named(name);
  }

  private describe(): string {
    return this.exporter
      .getFinishedSpans()
      .map(({ name }) => name)
      .join(', ');
  }
}
