import type { HandlerBinding } from '../engine/handler-binding.js';
import { BatchError } from '../messaging/errors.js';
import type { HandlerContext } from '../messaging/handler-context.js';
import type { Message } from '../messaging/message.js';

/** What is called with a batch. */
export type BatchMethod = (messages: Message[], context: HandlerContext) => unknown;

/** Calls a handler of batches with one message. */
export function batchOfOne(handle: BatchMethod): HandlerBinding['handle'] {
  return async (message, context) => {
    try {
      await handle([message], context);
    } catch (error) {
      throw error instanceof BatchError ? error.failures[0]!.error : error;
    }
  };
}
