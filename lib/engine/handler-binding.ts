import type { Deserializer } from '../messaging/format.js';
import type { HandlerContext } from '../messaging/handler-context.js';
import type { Message } from '../messaging/message.js';
import type { ProcessingOrder } from '../messaging/processing-order.js';
import type { Backoff } from './recovery/backoff.js';
import type { Classify } from './recovery/classify.js';

export interface RetryPolicy extends Backoff {
  /** In a lane, the first included. */
  readonly maxAttempts: number;

  /** Milliseconds before the attempt that follows on this one, in place of the growing delay. */
  readonly delay?: ((attempt: number, error: unknown) => number) | undefined;
}

/** Where a handler's dead letters go; `undefined` stands for `<topic>.dlq`. */
export interface DeadLetterPolicy {
  readonly topic?: string | ((message: Message, error: unknown) => string) | undefined;
}

/** A handler as the engine runs it. */
export interface HandlerBinding {
  /** `Class.method`, for logs and `HandlerContext.handler`. */
  readonly name: string;
  readonly order: ProcessingOrder;

  /** In `key` order, what stands for the record's key. */
  readonly lane?: ((message: Message) => string) | undefined;

  /** What makes payloads of values. */
  readonly deserializer: Deserializer;

  /** What a message is known by, of a handler that is to have its effect once. */
  readonly idempotencyKey?: ((message: Message) => string) | undefined;

  /** Which messages of its topics it takes; all without it. */
  readonly when?: ((message: Message) => boolean) | undefined;

  /** Messages in flight at most, in one consumer. */
  readonly concurrency?: number | undefined;

  /** Attempts a second at most, in one consumer. */
  readonly rateLimit?: number | undefined;

  /** Milliseconds an attempt may take. */
  readonly timeoutMs?: number | undefined;

  /** Milliseconds the handler has for its acknowledgement once it has returned; `undefined` when returning is one. */
  readonly ackTimeoutMs?: number | undefined;
  readonly classify: Classify;
  readonly retry: RetryPolicy;

  /** Delays such as `10s`, each of a topic that a message waits in once the attempts in its lane are used up. */
  readonly retryTopics: readonly string[];

  /** Where a message goes whose attempts are used up or pointless. */
  readonly deadLetter?: DeadLetterPolicy | undefined;

  /** What becomes of it where there are no dead letters. */
  readonly onExhausted: 'retry' | 'skip' | 'stop';
  handle(message: Message, context: HandlerContext): unknown;
}

/** The handlers of a topic; none for a topic that is subscribed without one. */
export type TopicRoutes = (topic: string) => readonly HandlerBinding[];
