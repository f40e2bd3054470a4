import type { ConsumedRecord, RecordHeader } from '../client/consumer-client.js';
import type { OutgoingRecord } from '../client/record-publisher.js';
import { joinHeaders, splitFailure, splitRedrive, type RedriveValues } from '../recovery/recovery-headers.js';

/** A record of a dead-letter topic, and what its headers tell. */
export interface DeadLetter {
  readonly record: ConsumedRecord;

  /** Without those of recovery and of earlier redrives. */
  readonly headers: readonly RecordHeader[];
  readonly originalTopic: string;
  readonly originalPartition: number;
  readonly originalOffset: string;
  readonly originalTimestamp: Date;
  readonly group: string;
  readonly handler: string;
  readonly attempts: number;
  readonly error: string;
  readonly errorClass: string;
  readonly errorStack: string;

  /** How often it was redriven before. */
  readonly redrives: number;
}

/** `undefined` for a record that does not say where it comes from. */
export function deadLetterOf(record: ConsumedRecord): DeadLetter | undefined {
  const { own, values } = splitFailure(record.headers);
  if (values['original-topic'] === '') return undefined;
  const redriven = splitRedrive(own, values['original-topic']);
  return {
    record,
    headers: redriven?.own ?? own,
    originalTopic: values['original-topic'],
    originalPartition: Number(values['original-partition']),
    originalOffset: values['original-offset'],
    originalTimestamp: new Date(values['original-timestamp']),
    group: values['original-group'],
    handler: values['original-handler'],
    attempts: Number(values.attempts),
    error: values.error,
    errorClass: values['error-class'],
    errorStack: values['error-stack'],
    redrives: Number(redriven?.values['redrive-count'] ?? 0) || 0,
  };
}

/** The record as it was, for the group and the handler that gave it up. */
export function redriven({ record, headers, ...letter }: DeadLetter): OutgoingRecord {
  const values: RedriveValues = {
    'redrive-topic': letter.originalTopic,
    'redrive-group': letter.group,
    'redrive-handler': letter.handler,
    'redrive-count': String(letter.redrives + 1),
  };
  return {
    topic: letter.originalTopic,
    key: record.key,
    value: record.value,
    headers: joinHeaders(headers, values),
    preferredPartition: letter.originalPartition,
  };
}
