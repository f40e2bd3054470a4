import type { Deserializer } from '../messaging/format.js';
import type { OutgoingMessage } from '../messaging/producer.js';
import type { RecordToSend } from './client/produce/pending-record.js';
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

/** Makes records of messages: at once, unless their format has to ask somebody. */
export type Serialize = (
  messages: readonly OutgoingMessage[],
) => readonly RecordToSend[] | Promise<readonly RecordToSend[]>;

/** How a handler gets messages together. */
export interface BatchBinding {
  readonly maxSize: number;

  /** Milliseconds that the first waits for others at most. */
  readonly maxWaitMs: number;
  handle(messages: Message[], context: HandlerContext): unknown;
}

/** A handler as the engine runs it. */
export interface HandlerBinding {
  /** `Class.method`, for logs and `HandlerContext.handler`. */
  readonly name: string;
  readonly order: ProcessingOrder;

  /** In `key` order, what stands for the record's key. */
  readonly lane?: ((message: Message) => string) | undefined;

  /** What makes payloads of the values of a topic. */
  readonly deserializerOf: (topic: string) => Deserializer;

  /** What a message is known by, of a handler that is to have its effect once. */
  readonly idempotencyKey?: ((message: Message) => string) | undefined;

  /**
   * Makes records of what it publishes, of a handler whose outputs are stored in one transaction with the position; `undefined` of
   * others.
   */
  readonly serialize?: Serialize | undefined;

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

  /** Of a handler of batches, which {@link handle} calls with one message. */
  readonly batch?: BatchBinding | undefined;
}

/** The handlers of a topic; none for a topic that is subscribed without one. */
export type TopicRoutes = (topic: string) => readonly HandlerBinding[];
