import { describeThrown } from '../describe-thrown.js';
import type { EngineLogger } from '../logger.js';
import type { Decision } from './decide.js';

/** What is to be told of an attempt that failed. */
export interface FailedAttempt {
  /** `OrderHandler.created failed on orders-0@42` */
  readonly what: string;
  readonly attempt: number;

  /** Whether it was the last. */
  readonly isLast: boolean;
  readonly consequence: string;
}

/** The first failure and the end of the attempts come with the stack, those between in a line. */
export function reportFailure(
  logger: EngineLogger,
  { what, attempt, isLast, consequence }: FailedAttempt,
  error: unknown,
): void {
  const { text: cause, stack } = describeThrown(error);
  const text = `${what}, attempt ${attempt}; ${consequence}: ${cause}`;
  if (attempt === 1 || isLast) logger.error(text, stack);
  else logger.warn(text);
}

/** What follows for a record, as it goes on in a sentence. */
export function consequenceOf(decision: Decision): string {
  if (decision.kind === 'stop') return 'stopping the consumer, the record stays uncommitted (onExhausted: stop)';
  if (decision.kind === 'skip')
    return decision.exhausted ? 'skipping the record (onExhausted: skip)' : 'skipping the record';
  if (decision.kind !== 'retry') return decision.kind;
  const again = `trying again in ${Math.round(decision.delayMs)} ms`;
  return decision.exhausted ? `no attempts left, but nothing is dropped (onExhausted: retry), ${again}` : again;
}
