import type { RequestListener } from 'node:http';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

export interface Telemetry {
  /** Answers any request with the metrics of this process, as Prometheus reads them. */
  readonly serveMetrics: RequestListener;
  stop(): Promise<void>;
}

/**
 * Measures what is started after it. Serves /metrics on the port that SAMPLE_METRICS_PORT names; without it, on none of its
 * own.
 */
export async function startTelemetry(): Promise<Telemetry> {
  const port = portOf(process.env.SAMPLE_METRICS_PORT);
  const exporter = new PrometheusExporter({ port, preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  metrics.setGlobalMeterProvider(provider);
  if (port !== undefined) await exporter.startServer();
  return {
    serveMetrics: (request, response) => exporter.getMetricsRequestHandler(request, response),
    stop: () => provider.shutdown(),
  };
}

function portOf(text = ''): number | undefined {
  if (text === '') return undefined;
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new Error(`SAMPLE_METRICS_PORT: expected a port to serve /metrics on, got '${text}'`);
}
