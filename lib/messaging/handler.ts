import type { HandlerContext } from './handler-context.js';
import type { Message } from './message.js';

/**
 * Handles one message. Returning (or resolving) completes it; throwing (or rejecting) hands it to recovery.
 *
 * @typeParam T type of the message's decoded payload
 * @publicApi
 */
export interface Handler<T = unknown> {
  handle(message: Message<T>, context: HandlerContext): unknown;
}
