import { NonRetriableError } from '../../messaging/errors.js';
import type { ConsumedRecord } from '../client/consumer-client.js';
import type { HandlerBinding } from '../handler-binding.js';
import { splitRedrive, splitRetry, type RedriveValues, type RetryValues } from './recovery-headers.js';

/** A record, and who is to handle it. */
export interface Addressed {
  /** As it was when it first came, also if it comes from a retry topic. */
  readonly record: ConsumedRecord;
  readonly handlers: readonly HandlerBinding[];

  /** Attempts made elsewhere before. */
  readonly attempts: number;

  /** Retry topics it has come through. */
  readonly step: number;

  /** Why nobody is to handle it, if that is so. */
  readonly passedBy?: string;
}

/**
 * Who is to handle a record of a topic: all of its handlers; the one that failed, of a record from a retry topic; of one that
 * was redriven, the one it was dead-lettered by, and nobody in other groups.
 *
 * @param isRetryTopic whether the topic is one of the group's retry topics
 */
export function address(
  record: ConsumedRecord,
  handlers: readonly HandlerBinding[],
  group: string,
  isRetryTopic: boolean,
): Addressed {
  if (isRetryTopic) return addressRetry(record, handlers, group);
  const { headers, topic } = record;
  const redrive = headers.length > 0 ? splitRedrive(headers, topic) : undefined;
  const addressed = { record, handlers, attempts: 0, step: 0 };
  return redrive ? { ...addressed, ...addressees(handlers, group, redrive.values) } : addressed;
}

function addressees(
  handlers: readonly HandlerBinding[],
  group: string,
  { 'redrive-group': forGroup, 'redrive-handler': forHandler }: RedriveValues,
): Pick<Addressed, 'handlers' | 'passedBy'> {
  if (forGroup !== group) return { handlers: [], passedBy: `it was redriven for the group "${forGroup}"` };
  const addressee = handlers.filter(({ name }) => name === forHandler);
  return { handlers: addressee.length > 0 ? addressee : handlers };
}

/** What a record of a retry topic was when it first came. */
export function originalOf(record: ConsumedRecord): ConsumedRecord {
  const { own, values } = splitRetry(record.headers);
  return redelivered(record, { ...placeOf(record, values), headers: own });
}

function addressRetry(record: ConsumedRecord, handlers: readonly HandlerBinding[], group: string): Addressed {
  const { values } = splitRetry(record.headers);
  const attempts = wholeNumber(values.attempts) ?? 0;
  const step = wholeNumber(values['retry-step']) ?? 1;
  return {
    record: originalOf(record),
    ...(values['original-group'] === group
      ? { handlers: retryAddressees(handlers, values['original-handler']) }
      : { handlers: [], passedBy: `it waited for the group "${values['original-group']}"` }),
    attempts,
    step,
  };
}

/**
 * What a handler that is not there any more would leave undone goes to the dead letters of its topic's other handlers; where
 * they have none, to all of these.
 */
function retryAddressees(handlers: readonly HandlerBinding[], name: string): readonly HandlerBinding[] {
  const found = handlers.find((handler) => handler.name === name);
  if (found) return [found];
  const heir = handlers.find(({ deadLetter }) => deadLetter);
  if (!heir) return handlers;
  const handle = (): never => {
    throw new NonRetriableError(`No handler ${name || 'without a name'} takes this topic with retryTopics (any more)`);
  };
  return [{ ...heir, name: name || 'unknown', handle, classify: () => 'give-up' }];
}

type Place = Pick<ConsumedRecord, 'topic' | 'partition' | 'offset' | 'timestamp'>;

function placeOf(record: ConsumedRecord, values: RetryValues): Place {
  const { topic, partition, offset, timestamp } = record;
  const time = Date.parse(values['original-timestamp']);
  return {
    topic: values['original-topic'] || topic,
    partition: wholeNumber(values['original-partition']) ?? partition,
    offset: wholeNumber(values['original-offset']) ?? offset,
    timestamp: Number.isNaN(time) ? timestamp : time,
  };
}

/** The bytes stay where they are. */
function redelivered(record: ConsumedRecord, original: Place & Pick<ConsumedRecord, 'headers'>): ConsumedRecord {
  return {
    ...original,
    get key() {
      return record.key;
    },
    get value() {
      return record.value;
    },
    size: record.size,
    detach: () => record.detach(),
  };
}

function wholeNumber(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
