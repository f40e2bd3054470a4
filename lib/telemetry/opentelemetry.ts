import type * as api from '@opentelemetry/api';

/** The package `@opentelemetry/api`, which applications that measure or trace have installed. */
export type OpenTelemetry = typeof api;

type Loaded = OpenTelemetry | { readonly default: OpenTelemetry };

/** What we are called among others that measure and trace. */
const scope = '@things-kit/nestjs-kafka';

const missing: ReadonlySet<unknown> = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/**
 * @returns nothing where it is not installed
 * @throws what else keeps it from being loaded
 */
export async function loadOpenTelemetry(
  load: () => Promise<unknown> = () => import('@opentelemetry/api'),
): Promise<OpenTelemetry | undefined> {
  try {
    return complete((await load()) as Loaded);
  } catch (error) {
    if (missing.has((error as { code?: unknown }).code)) return undefined;
    throw error;
  }
}

/** @returns nothing while no SDK is set that would do something with it */
export function meterOf(api: OpenTelemetry): api.Meter | undefined {
  const meter = api.metrics.getMeter(scope);
  return meter === api.createNoopMeter() ? undefined : meter;
}

/** Its `default` is all of it in ESM, where CommonJS is the default, and in CommonJS a part that it calls so itself. */
function complete(loaded: Loaded): OpenTelemetry {
  return 'createNoopMeter' in loaded ? loaded : loaded.default;
}

export function tracerOf(api: OpenTelemetry): api.Tracer {
  return api.trace.getTracer(scope);
}
