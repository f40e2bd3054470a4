import type { HandlerBinding } from '../../lib/engine/handler-binding.js';
import { json } from '../../lib/messaging/formats.js';
import { classify } from '../../lib/engine/recovery/classify.js';

/** A handler that succeeds, and is tried again at once and for ever where a spec has it fail. */
export function handlerBinding(fields: Partial<HandlerBinding> = {}): HandlerBinding {
  return {
    name: 'Orders.created',
    order: 'partition',
    deserializerOf: () => json,
    classify,
    retry: { initialDelayMs: 0, multiplier: 1, maxDelayMs: 0, jitter: 'none', maxAttempts: Infinity },
    retryTopics: [],
    onExhausted: 'retry',
    handle: () => undefined,
    ...fields,
  };
}
