import type { TopicPartition } from '../consumer-client.js';
import { AbortedTransactions } from './aborted-transactions.js';
import type { AbortedTransaction } from './fetch-response.js';
import { decodeRecords, type FetchedRecord } from './fetched-record.js';
import { batchAt, isIntact, RecordBatch } from './record-batch.js';

/** Bytes that are less than this part of the memory they lie in get memory of their own: all of it would be held. */
const worthHolding = 1 / 4;

/** The batches of one partition in one answer, taken one after the other. */
export class FetchedChunk {
  private readonly bytes: Buffer;
  private readonly aborted: AbortedTransactions;
  private at = 0;
  private raw: Buffer;
  private batch: RecordBatch | undefined;

  /** @param bytes whole batches */
  constructor(
    private readonly partition: TopicPartition,
    bytes: Buffer,
    aborted: readonly AbortedTransaction[],
  ) {
    this.bytes = bytes.length < bytes.buffer.byteLength * worthHolding ? Buffer.from(bytes) : bytes;
    this.raw = batchAt(this.bytes, 0);
    this.aborted = new AbortedTransactions(aborted);
  }

  get size(): number {
    return this.bytes.length;
  }

  get isEmpty(): boolean {
    return this.at >= this.bytes.length;
  }

  /** The offset behind the next batch. */
  get next(): number {
    return this.current.lastOffset + 1;
  }

  /**
   * The records of the next batch from an offset on, or `undefined` if it has to be decompressed first.
   *
   * @throws when it cannot be decoded
   */
  records(from: number, checkCrc: boolean): FetchedRecord[] | undefined {
    const batch = this.current;
    if (checkCrc && !batch.isDecompressed && !isIntact(this.raw)) throw new Error(corrupt);
    if (batch.lastOffset < from || this.aborted.leavesOut(batch)) return [];
    return batch.isCompressed ? undefined : decodeRecords(batch, from);
  }

  /** @throws when it cannot be decompressed */
  decompress(): Promise<void> {
    return this.current.decompress();
  }

  /** Goes on to the next batch. */
  advance(): void {
    this.at += this.raw.length;
    this.batch = undefined;
    if (!this.isEmpty) this.raw = batchAt(this.bytes, this.at);
  }

  /** Why the next batch cannot be decoded. Its checksum is looked at only now, unless it is so configured. */
  explain({ message }: Error): string {
    return isIntact(this.raw) || message === corrupt ? message : `${message}; ${corrupt}`;
  }

  private get current(): RecordBatch {
    return (this.batch ??= new RecordBatch(this.partition, this.raw));
  }
}

const corrupt = 'the checksum of the batch does not match: it is corrupt';
