import type { IdempotencyStore } from '../messaging/idempotency-store.js';
import type { HandlerMethod } from './handler.pipeline.js';

/**
 * A handler that is called for each idempotency key once.
 *
 * @param remembers whether the handler itself remembers the key, in its own transaction
 */
export function idempotent(handle: HandlerMethod, store: IdempotencyStore, remembers: boolean): HandlerMethod {
  return async (message, context) => {
    const key = context.idempotencyKey!;
    if (await store.seen(key)) return undefined;
    const result = await handle(message, context);
    if (!remembers) await store.remember(key);
    return result;
  };
}
