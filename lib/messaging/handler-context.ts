import type { OutgoingMessage } from './producer.js';

/**
 * What a handler may know about the delivery it is part of, and ask for.
 *
 * @publicApi
 */
export abstract class HandlerContext {
  /**
   * Aborted when the partition is lost, when the shutdown's grace ends, and when the handler has taken longer than its
   * `handlerTimeoutMs`. Pass it on to what can be cancelled.
   */
  abstract readonly signal: AbortSignal;

  /** Which attempt at this message this is, starting at 1; it counts on in retry topics, and begins anew after a restart. */
  abstract readonly attempt: number;

  /** The consumer group the message was read for. */
  abstract readonly group: string;

  /** The handler's name, `Class.method`. */
  abstract readonly handler: string;

  /** What the message is known by to the `IdempotencyStore`, of a handler with `{ idempotent }`; `undefined` otherwise. */
  abstract readonly idempotencyKey?: string | undefined;

  /**
   * Completes the message, for handlers with `{ ack: 'manual' }`; what the handler throws after it is only logged. Does
   * nothing, and says so in the log, once the message was answered or its partition is lost.
   *
   * @throws AcknowledgementError for a handler whose return is its acknowledgement
   */
  abstract ack(): void;

  /**
   * Counts as a failed attempt, for handlers with `{ ack: 'manual' }`.
   *
   * @param delayMs milliseconds before the next attempt; as `retry` says where it is not given
   * @throws AcknowledgementError for a handler whose return is its acknowledgement, or a delay that is none
   */
  abstract nack(delayMs?: number): void;

  /**
   * Publishes, for handlers with `{ transactional: true }`: in the transaction that commits the message, once its handler has
   * succeeded. What a failed attempt has published is dropped. Resolves when the message is accepted, not when it is stored.
   *
   * @throws PublishError for a handler without transactions, or when the attempt is over
   * @throws MessagingError when the value cannot be serialised
   */
  abstract publish(message: OutgoingMessage): Promise<void>;

  /**
   * Completes the message now, while its handler goes on, and resolves when the broker has it committed; for what must not
   * be done again whatever happens next. A commit that fails is tried again as long as the partition is ours.
   *
   * @throws AcknowledgementError when the partition is lost before, the attempt is over, another handler of the topic
   *   has still to handle the message, or the handler is `transactional`
   */
  abstract commit(): Promise<void>;
}
