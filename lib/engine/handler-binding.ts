import type { HandlerContext } from '../messaging/handler-context.js';
import type { Message } from '../messaging/message.js';
import type { ProcessingOrder } from '../messaging/processing-order.js';
import type { Backoff } from './recovery/backoff.js';

/** A handler as the engine runs it. */
export interface HandlerBinding {
  /** `Class.method`, for logs and `HandlerContext.handler`. */
  readonly name: string;
  readonly order: ProcessingOrder;

  /** In `key` order, what stands for the record's key. */
  readonly lane?: ((message: Message) => string) | undefined;

  /** Messages in flight at most, in one consumer. */
  readonly concurrency?: number | undefined;

  /** Attempts a second at most, in one consumer. */
  readonly rateLimit?: number | undefined;

  /** Milliseconds an attempt may take. */
  readonly timeoutMs?: number | undefined;

  /** Milliseconds the handler has for its acknowledgement once it has returned; `undefined` when returning is one. */
  readonly ackTimeoutMs?: number | undefined;
  readonly retry: Backoff & { maxAttempts: number };

  /** What becomes of a message whose attempts are used up or pointless. */
  readonly onExhausted: 'retry' | 'skip' | 'stop';
  handle(message: Message, context: HandlerContext): unknown;
}

/** The handlers of a topic; none for a topic that is subscribed without one. */
export type TopicRoutes = (topic: string) => readonly HandlerBinding[];
