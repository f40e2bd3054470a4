import { isPromise } from '../at-once.js';
import { NonRetriableError, SkipMessageError } from '../../messaging/errors.js';
import type { FailureClass, FailureClassifier, NonRetriable } from '../../messaging/failure-class.js';

/** A classifier that always has an answer. */
export type Classify = (error: unknown) => FailureClass;

const classes: ReadonlySet<unknown> = new Set<FailureClass>(['retry', 'give-up', 'skip']);

export function classify(error: unknown): FailureClass {
  try {
    if (error instanceof SkipMessageError) return 'skip';
    if (error instanceof NonRetriableError) return 'give-up';
  } catch {
    // a proxy that does not let itself be looked at is an error like any other
  }
  return 'retry';
}

/** What is asked for by the user's classifier, then by the list, then by the standard. One that throws has no say. */
export function classifierOf(own: FailureClassifier | undefined, nonRetriable: readonly NonRetriable[] = []): Classify {
  if (!own && nonRetriable.length === 0) return classify;
  return (error) =>
    answerOf(own, error) ?? (nonRetriable.some((one) => covers(one, error)) ? 'give-up' : classify(error));
}

function answerOf(own: FailureClassifier | undefined, error: unknown): FailureClass | undefined {
  try {
    const answer = own?.(error);
    return !isPromise(answer) && classes.has(answer) ? answer : undefined;
  } catch {
    return undefined;
  }
}

function covers(one: NonRetriable, error: unknown): boolean {
  try {
    if (isErrorClass(one)) return error instanceof one;
    const answer: unknown = one(error);
    return !isPromise(answer) && answer === true;
  } catch {
    return false;
  }
}

/** A class cannot be called for an answer. */
function isErrorClass(one: NonRetriable): one is abstract new (...args: never[]) => Error {
  return one === Error || one.prototype instanceof Error || Function.prototype.toString.call(one).startsWith('class');
}
