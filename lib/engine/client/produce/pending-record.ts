import type { PublishedRecord } from '../../../messaging/producer.js';
import type { RecordHeader } from '../consumer-client.js';

/**
 * How records are compressed by the producer.
 *
 * @publicApi
 */
export type Compression = 'none' | 'gzip';

/** A record as it is to be stored. */
export interface RecordToSend {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];

  /** Milliseconds since 1970. */
  readonly timestamp: number;

  /** Where it has to go; otherwise its key chooses. */
  readonly partition?: number | undefined;

  /** Its partition if the topic has it; otherwise the key chooses. */
  readonly preferredPartition?: number | undefined;
  readonly compression: Compression;
}

/** What a record, and each of its headers, takes at most beside its bytes. */
const recordOverhead = 36;
const headerOverhead = 10;

/** A record between its being published and its being stored, or not. */
export class PendingRecord {
  /** Bytes it takes in a request, at most. */
  readonly size: number;

  /** @throws what the record is refused for */
  readonly stored: Promise<PublishedRecord>;
  private resolve!: (place: PublishedRecord) => void;
  private reject!: (error: Error) => void;

  /** @param deadline when whoever waits for it is told, by the clock of `performance` */
  constructor(
    readonly record: RecordToSend,
    readonly deadline: number,
    private readonly settled: (record: PendingRecord) => void,
  ) {
    this.size = sizeOf(record);
    this.stored = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  succeed(partition: number, offset: number): void {
    this.settled(this);
    this.resolve({ topic: this.record.topic, partition, offset: String(offset) });
  }

  fail(error: Error): void {
    this.settled(this);
    this.reject(error);
  }
}

function sizeOf({ key, value, headers }: RecordToSend): number {
  let size = recordOverhead + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, bytes] of headers) size += headerOverhead + Buffer.byteLength(name) + (bytes?.length ?? 0);
  return size;
}
