import { NonRetriableError, SkipMessageError } from '../../messaging/errors.js';

/** What a handler's error asks for. */
export type FailureClass = 'retry' | 'give-up' | 'skip';

export function classify(error: unknown): FailureClass {
  try {
    if (error instanceof SkipMessageError) return 'skip';
    if (error instanceof NonRetriableError) return 'give-up';
  } catch {
    // a proxy that does not let itself be looked at is an error like any other
  }
  return 'retry';
}
