import type { PublishedRecord } from '../../messaging/producer.js';
import type { RecordHeader } from './consumer-client.js';

/** A record to be written as it stands. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];

  /** Its partition if the topic has it; otherwise the key chooses. */
  readonly preferredPartition?: number | undefined;

  /** Whether to compress it: what was compressed before may be larger than the broker takes otherwise. */
  readonly compressed?: boolean | undefined;
}

/** The broker does not take a record for its size. */
export class RecordTooLargeError extends Error {
  override readonly name = 'RecordTooLargeError';
}

/** A topic is not there, or may not be written. */
export class TopicNotWritableError extends Error {
  override readonly name = 'TopicNotWritableError';
}

/** Writes what recovery moves elsewhere. */
export interface RecordPublisher {
  /**
   * Resolves when all in-sync replicas have the record.
   *
   * @returns where it is stored
   * @throws RecordTooLargeError when it has to be smaller
   * @throws Error when it was not acknowledged; it may or may not be stored
   */
  publish(record: OutgoingRecord): Promise<PublishedRecord>;

  /** Waits for what is under way, then disconnects, within so many milliseconds. */
  close(deadlineMs: number): Promise<void>;
}
