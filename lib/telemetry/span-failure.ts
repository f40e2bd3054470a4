import type { Span } from '@opentelemetry/api';
import { withoutSecrets } from '../connection/without-secrets.js';
import { describeThrown } from '../engine/describe-thrown.js';
import { attribute } from './names.js';
import type { OpenTelemetry } from './opentelemetry.js';

/** Code of others may throw anything. */
export function recordException(span: Span, error: unknown): void {
  const { name, message, stack } = describeThrown(error);
  const exception = { name, message: withoutSecrets(message) };
  span.recordException(stack === undefined ? exception : { ...exception, stack: withoutSecrets(stack) });
}

export function setFailed(span: Span, error: unknown, { SpanStatusCode }: OpenTelemetry): void {
  const { name, message } = describeThrown(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: withoutSecrets(message) });
  span.setAttribute(attribute.errorType, name);
}
