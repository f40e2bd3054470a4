/**
 * What a handler's error asks for: another attempt (`'retry'`), none because none can help (`'give-up'`), or that the message
 * is completed unhandled (`'skip'`).
 *
 * @publicApi
 */
export type FailureClass = 'retry' | 'give-up' | 'skip';

/**
 * Tells what an error asks for; a pure function. `undefined` leaves it to the standard: `'skip'` for `SkipMessageError`, `'give-up'`
 * for `NonRetriableError` (and so `DeserializationError`), `'retry'` for all else.
 *
 * @publicApi
 */
export type FailureClassifier = (error: unknown) => FailureClass | undefined;

/**
 * Errors that no further attempt can mend: a class of errors, or a predicate.
 *
 * @publicApi
 */
export type NonRetriable = (abstract new (...args: never[]) => Error) | ((error: unknown) => boolean);
