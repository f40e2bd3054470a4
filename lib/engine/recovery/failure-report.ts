import { describeThrown } from '../describe-thrown.js';
import { placeFields } from '../log-fields.js';
import type { EngineLogger, LogFields } from '../logger.js';
import type { PublishedRecord } from '../../messaging/producer.js';
import type { Decision } from './decide.js';
import type { Publication } from './publication.js';

/** What is to be told of an attempt that failed. */
export interface FailedAttempt {
  /** `OrderHandler.created failed on orders-0@42` */
  readonly what: string;
  readonly attempt: number;

  /** Whether it was the last. */
  readonly isLast: boolean;
  readonly consequence: string;
  readonly fields: LogFields & Required<Pick<LogFields, 'handler'>>;
}

/** The first failure and the end of the attempts come with the stack, those between in a line. */
export function reportFailure(
  logger: EngineLogger,
  { what, attempt, isLast, consequence, fields }: FailedAttempt,
  error: unknown,
): void {
  const { text: cause, name: errorClass, stack } = describeThrown(error);
  const text = `${what}, attempt ${attempt}; ${consequence}: ${cause}`;
  const all = { ...fields, attempt, error: cause, errorClass };
  const alike = `${fields.handler} ${errorClass}`;
  if (attempt === 1 || isLast) logger.error(text, stack, all, alike);
  else logger.warn(text, all, alike);
}

/** What was decided, for fields. */
export function decisionFields(decision: Decision): Pick<LogFields, 'consequence' | 'delayMs'> {
  if (decision.kind !== 'retry') return { consequence: decision.kind };
  return { consequence: decision.kind, delayMs: Math.round(decision.delayMs) };
}

/**
 * A dead letter asks for somebody to look at it; what is in a retry topic comes back by itself.
 *
 * @param stored where; without it, it is stored with the position, in one transaction
 */
export function reportMove(
  logger: EngineLogger,
  { topic, isRetry, failed: { record, group, handler, attempts } }: Publication,
  stored: PublishedRecord | undefined,
): void {
  const place = nameOf(record);
  const where = stored ? `stored as ${nameOf(stored)}` : `to be stored in ${topic} with its position`;
  const event = isRetry ? 'retried-later' : 'dead-lettered';
  const fields = {
    event,
    group,
    ...placeFields(record),
    handler,
    attempt: attempts,
    to: stored ? placeFields(stored) : { topic },
  } as const;
  if (isRetry) return logger.debug(`${place} waits for its next attempt, ${where}`, fields);
  const made = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  logger.warn(
    `${place} is a dead letter after ${made} of ${handler}, ${where}`,
    fields,
    `dead letter ${handler} ${topic}`,
  );
}

function nameOf({ topic, partition, offset }: { topic: string; partition: number; offset: number | string }): string {
  return `${topic}-${partition}@${offset}`;
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
