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
 * A message was not acknowledged by the broker; `cause` has the client's error.
 *
 * @publicApi
 */
export class PublishError extends MessagingError {}

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
