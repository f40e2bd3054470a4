import type { PublishedRecord } from '../../messaging/producer.js';
import { describeThrown } from '../describe-thrown.js';
import type { ConsumedRecord } from '../client/consumer-client.js';
import { errorFields, placeFields } from '../log-fields.js';
import type { EngineLogger, LogEvent, LogFields } from '../logger.js';
import type { Decision } from './decide.js';
import type { DeliveryContext } from './delivery-context.js';
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

type Told = Pick<DeliveryContext, 'logger' | 'group'>;

/** @param to the topic it moves to, if it does */
export function reportAttempt(
  { logger, group }: Told,
  record: ConsumedRecord,
  { handler, attempt, to }: { handler: string; attempt: number; to: string | undefined },
  decision: Decision,
  error: unknown,
): void {
  const consequence = to === undefined ? consequenceOf(decision) : `moving it to ${to}`;
  const fields = {
    ...fieldsOf('failed', group, record),
    handler,
    ...decisionFields(decision),
    ...(to && { to: { topic: to } }),
  };
  const what = `${handler} failed on ${nameOf(record)}`;
  reportFailure(logger, { what, attempt, isLast: decision.exhausted, consequence, fields }, error);
}

/** A handler has committed its message, and then thrown. */
export function reportLate({ logger, group }: Told, record: ConsumedRecord, handler: string, error: unknown): void {
  const { text, stack } = describeThrown(error);
  logger.error(
    `${handler} failed on ${nameOf(record)} after it had committed it; it is not tried again: ${text}`,
    stack,
    { ...fieldsOf('failed', group, record), handler, consequence: 'none', ...errorFields(error) },
    `${handler} after its commit`,
  );
}

/** A record is for others. */
export function reportPassed({ logger, group }: Told, record: ConsumedRecord, reason: string): void {
  logger.debug(`${nameOf(record)} is skipped: ${reason}`, fieldsOf('skipped', group, record));
}

/** A record could not be stored elsewhere yet. */
export function reportHeld(
  { logger, group }: Told,
  { topic, failed: { record } }: Publication,
  retryInMs: number,
  error: unknown,
): void {
  const { text } = describeThrown(error);
  const delayMs = Math.round(retryInMs);
  logger.error(
    `${nameOf(record)} could not be moved to ${topic}; nothing is dropped, it holds its lane, trying again in ${delayMs} ms: ${text}`,
    undefined,
    { ...fieldsOf('held', group, record), to: { topic }, delayMs, ...errorFields(error) },
    `held ${topic} ${text}`,
  );
}

function fieldsOf(event: LogEvent, group: string, record: ConsumedRecord): LogFields {
  return { event, group, ...placeFields(record) };
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

/** `orders-0@42` */
export function nameOf({
  topic,
  partition,
  offset,
}: {
  topic: string;
  partition: number;
  offset: number | string;
}): string {
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
