import type { ProxyTracerProvider, Tracer, TracerProvider } from '@opentelemetry/api';
import { tracerOf, type OpenTelemetry } from './opentelemetry.js';

/** What makes spans, and whether anybody wants them: an SDK may be set after the application was started. */
export class Tracing {
  readonly tracer: Tracer;
  private readonly provider: Pick<ProxyTracerProvider, 'getDelegate'>;
  private readonly noop: TracerProvider;

  constructor(readonly api: OpenTelemetry) {
    this.tracer = tracerOf(api);
    this.provider = api.trace.getTracerProvider() as ProxyTracerProvider;
    this.noop = new api.ProxyTracerProvider().getDelegate();
  }

  /** Takes a few nanoseconds. */
  get isOn(): boolean {
    return this.provider.getDelegate() !== this.noop;
  }
}
