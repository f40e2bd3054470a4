import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  type Sampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import { ConsumerObserver, type AttemptEvent } from '../../../lib/index.js';
import type { Variant } from './job.js';

/** Far more often than metrics are collected otherwise: a sample takes a few seconds. */
const collectEveryMs = 1_000;

/** The SDK of a contender, set before its application is made. */
export const sdks: Partial<Record<Variant, () => void>> = {
  metrics: setMetrics,
  traces: () => setTraces(new AlwaysOnSampler()),
  unsampled: () => setTraces(new AlwaysOffSampler()),
};

/** What an application does that times its handlers by itself. */
export class Times extends ConsumerObserver {
  totalMs = 0;

  override succeeded({ durationMs }: AttemptEvent): void {
    this.totalMs += durationMs;
  }
}

function setMetrics(): void {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: collectEveryMs });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
}

/** What takes the spans away costs the same whoever has made them. */
const nowhere: SpanExporter = {
  export: (_, done) => done({ code: 0 }),
  shutdown: () => Promise.resolve(),
};

function setTraces(sampler: Sampler): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const spanProcessors = [new BatchSpanProcessor(nowhere)];
  trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler, spanProcessors }));
}
