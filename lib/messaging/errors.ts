import type { Message } from './message.js';

/**
 * The root of every error this package throws.
 *
 * @publicApi
 */
export class MessagingError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/**
 * Thrown by a handler for a message that no further attempt can save: recovery gives up at once.
 *
 * @publicApi
 */
export class NonRetriableError extends MessagingError {}

/**
 * Thrown by a handler to complete a message without having handled it. It is logged and counted, not retried.
 *
 * @publicApi
 */
export class SkipMessageError extends MessagingError {}

/**
 * One of the messages of a batch, and why it was not handled.
 *
 * @publicApi
 */
export interface BatchFailure {
  /** As it stands in the batch. */
  readonly message: Message;
  readonly error: unknown;
}

/**
 * Thrown by a handler of batches for those of its messages that it could not handle; the others are completed. Each failed one is
 * treated as a single message of which this was an attempt: tried again alone, moved to a retry or dead-letter topic, skipped.
 *
 * @throws MessagingError when nothing has failed
 * @publicApi
 */
export class BatchError extends MessagingError {
  constructor(readonly failures: readonly BatchFailure[]) {
    if (failures.length === 0) throw new MessagingError('BatchError: expected the messages that failed, got none');
    const [{ error }] = failures as [BatchFailure];
    const more = failures.length > 1 ? `, and ${failures.length - 1} more` : '';
    super(`${error instanceof Error ? error.message : String(error)}${more}`, { cause: error });
  }
}

/**
 * The bytes of a message are not of the format its topic promises. Never retried.
 *
 * @publicApi
 */
export class DeserializationError extends NonRetriableError {}

/**
 * A guard or a pipe has refused a message, as `ValidationPipe` does with one that is not valid; `cause` has what it threw.
 * Never retried.
 *
 * @publicApi
 */
export class MessageRefusedError extends NonRetriableError {}

/**
 * A message was not acknowledged by the broker, or some of several were not; `cause` has the (first) reason.
 *
 * @publicApi
 */
export class PublishError extends MessagingError {
  /** Of several messages, the indexes of those that were not acknowledged. */
  readonly failed: readonly number[];

  constructor(message: string, options: ErrorOptions & { failed?: readonly number[] } = {}) {
    super(message, options);
    this.failed = options.failed ?? [];
  }
}

/**
 * A handler has not settled within its `handlerTimeoutMs`. What `HandlerContext.signal` is aborted with, and what recovery
 * gets; retried like any other error.
 *
 * @publicApi
 */
export class HandlerTimeoutError extends MessagingError {}

/**
 * A message was not acknowledged (in time), or cannot be acknowledged or committed now.
 *
 * @publicApi
 */
export class AcknowledgementError extends MessagingError {}
