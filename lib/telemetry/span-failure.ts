import type { Span } from '@opentelemetry/api';
import { describeThrown } from '../engine/describe-thrown.js';
import { attribute } from './names.js';
import type { OpenTelemetry } from './opentelemetry.js';

/** Code of others may throw anything. */
export function recordException(span: Span, error: unknown): void {
  const { name, message, stack } = describeThrown(error);
  span.recordException({ name, message, ...(stack === undefined ? {} : { stack }) });
}

export function setFailed(span: Span, error: unknown, { SpanStatusCode }: OpenTelemetry): void {
  const { name, message } = describeThrown(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.setAttribute(attribute.errorType, name);
}
