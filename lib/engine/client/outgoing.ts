import type { RecordToSend } from './produce/pending-record.js';
import type { OutgoingRecord } from './record-publisher.js';

/** @param compressed whether to compress it */
export function recordToSend(record: OutgoingRecord, compressed = record.compressed): RecordToSend {
  return { ...record, timestamp: Date.now(), compression: compressed ? 'gzip' : 'none' };
}

const tooLarge: ReadonlySet<unknown> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/** Whether a broker has refused what was sent for its size. */
export function isTooLarge(error: unknown): boolean {
  return hasType(error, tooLarge);
}

const notWritable: ReadonlySet<unknown> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'TOPIC_AUTHORIZATION_FAILED',
  'INVALID_TOPIC_EXCEPTION',
]);

/** Whether a topic is not there, or may not be written. */
export function isNotWritable(error: unknown): boolean {
  return hasType(error, notWritable);
}

/** An error may be the cause of another. */
export function hasType(error: unknown, types: ReadonlySet<unknown>): boolean {
  if (!(error instanceof Error)) return false;
  return types.has((error as { type?: unknown }).type) || hasType(error.cause, types);
}
