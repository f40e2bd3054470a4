import { NestLogger } from '../connection/nest-logger.js';
import type { Telemetry } from '../engine/telemetry.js';
import { ConnectionTelemetry } from './connection-telemetry.js';
import { Guard } from './guard.js';
import { loadOpenTelemetry } from './opentelemetry.js';

/** @returns what measures and traces a connection; nothing does where `@opentelemetry/api` is not installed */
export async function createTelemetry(connection: string): Promise<Telemetry> {
  const guard = new Guard(new NestLogger('KafkaTelemetry'));
  try {
    const api = await loadOpenTelemetry();
    return api ? new ConnectionTelemetry(api, connection, guard) : {};
  } catch (error) {
    guard.report(error);
    return {};
  }
}
