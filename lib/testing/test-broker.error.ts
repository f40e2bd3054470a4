import { MessagingError } from '../messaging/errors.js';

/**
 * A broker for tests could not be chosen, installed, started or stopped. The text says what was expected and what to
 * change; `logTail` has the last lines of the process that failed, where there was one.
 *
 * @publicApi
 */
export class TestBrokerError extends MessagingError {
  /** The last lines that the failed process wrote. */
  readonly logTail?: string;

  constructor(message: string, options: ErrorOptions & { logTail?: string } = {}) {
    super(options.logTail ? `${message}\n${options.logTail}` : message, options);
    this.logTail = options.logTail;
  }
}
