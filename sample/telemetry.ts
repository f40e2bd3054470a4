import type { RequestListener } from 'node:http';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

export interface Telemetry {
  /** Answers any request with the metrics of this process, as Prometheus reads them. */
  readonly serveMetrics: RequestListener;
  stop(): Promise<void>;
}

/** Measures what is started after it. */
export function startTelemetry(): Telemetry {
  const exporter = new PrometheusExporter({ preventServerStart: true }); // the application serves them
  const provider = new MeterProvider({ readers: [exporter] });
  metrics.setGlobalMeterProvider(provider);
  return {
    serveMetrics: (request, response) => exporter.getMetricsRequestHandler(request, response),
    stop: () => provider.shutdown(),
  };
}
