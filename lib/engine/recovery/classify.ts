import { NonRetriableError, SkipMessageError } from '../../messaging/errors.js';

/** What a handler's error asks for. */
export type FailureClass = 'retry' | 'give-up' | 'skip';

export function classify(error: unknown): FailureClass {
  if (error instanceof SkipMessageError) return 'skip';
  if (error instanceof NonRetriableError) return 'give-up';
  return 'retry';
}
