import type { PublishWatcher } from '../engine/client/produce/publish-watcher.js';
import type { Tracer } from '../engine/recovery/watchers.js';
import type { Telemetry } from '../engine/telemetry.js';
import { AttributeSets } from './attribute-sets.js';
import { ConsumerMetrics } from './consumer-metrics.js';
import { ErrorTypes } from './error-types.js';
import type { Guard } from './guard.js';
import { Instruments } from './instruments.js';
import { meterOf, type OpenTelemetry } from './opentelemetry.js';
import { ProcessTracer } from './process-tracer.js';
import { PublishMetrics } from './publish-metrics.js';
import { PublishTelemetry } from './publish-telemetry.js';
import { PublishTracer } from './publish-tracer.js';
import { Tracing } from './tracing.js';

/** What measures and traces a connection by OpenTelemetry: metrics from when a meter provider is set, traces with a tracer provider. */
export class ConnectionTelemetry implements Telemetry {
  readonly tracer: Tracer;
  readonly publishing: PublishWatcher;
  readonly sets: AttributeSets;
  private readonly errorTypes = new ErrorTypes();
  private consumerMetrics: ConsumerMetrics | undefined;
  private publishMetrics: PublishMetrics | undefined;

  constructor(
    private readonly api: OpenTelemetry,
    connection: string,
    private readonly guard: Guard,
  ) {
    const tracing = new Tracing(api);
    this.sets = new AttributeSets(connection);
    this.tracer = new ProcessTracer(tracing, guard);
    this.publishing = new PublishTelemetry(new PublishTracer(tracing), () => this.ofPublishing(), guard);
  }

  /** Nobody is to be told anything while nobody collects it. */
  get observer(): ConsumerMetrics | undefined {
    this.consumerMetrics ??= this.measured((instruments) => this.ofConsumer(instruments));
    return this.consumerMetrics;
  }

  get meter(): ConsumerMetrics | undefined {
    return this.observer;
  }

  private ofPublishing(): PublishMetrics | undefined {
    this.publishMetrics ??= this.measured((instruments) => new PublishMetrics(instruments, this.sets, this.errorTypes));
    return this.publishMetrics;
  }

  private ofConsumer(instruments: Instruments): ConsumerMetrics {
    const { sets, errorTypes, guard } = this;
    return new ConsumerMetrics(instruments, new PublishMetrics(instruments, sets, errorTypes), sets, errorTypes, guard);
  }

  private measured<T>(make: (instruments: Instruments) => T): T | undefined {
    const meter = meterOf(this.api);
    return meter && make(Instruments.of(meter));
  }
}
