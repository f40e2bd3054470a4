import { describeThrown } from '../../describe-thrown.js';
import type { TopicPartition } from '../consumer-client.js';
import { AbortedTransactions } from './aborted-transactions.js';
import type { AbortedTransaction } from './fetch-response.js';
import { decodeRecords, type FetchedRecord } from './fetched-record.js';
import { isIntact, RecordBatch, sizeAt, type HeldBytes } from './record-batch.js';

/** So few bytes are copied at once out of a larger answer, all of which they would hold. Copying more costs too much. */
const smallBytes = 131_072;

/** The batches of one partition in one answer, taken one after the other. */
export class FetchedChunk {
  private readonly held: HeldBytes;
  private readonly aborted: AbortedTransactions;
  private at = 0;
  private batch: RecordBatch | undefined;

  /** @param bytes whole batches */
  constructor(
    private readonly partition: TopicPartition,
    bytes: Buffer,
    aborted: readonly AbortedTransaction[],
  ) {
    this.held = { bytes };
    if (bytes.length < smallBytes) this.letGoOfAnswer();
    this.aborted = new AbortedTransactions(aborted);
  }

  get size(): number {
    return this.bytes.length;
  }

  private get bytes(): Buffer {
    return this.held.bytes;
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
    if (checkCrc && !batch.isDecompressed && !isIntact(this.bytes, this.at)) throw new Error(corrupt);
    if (batch.lastOffset < from || this.aborted.leavesOut(batch)) return [];
    return batch.isCompressed ? undefined : decodeRecords(batch, from);
  }

  /** Moves to memory of its own, with records that were handed out already: they may wait long, others of the answer not. */
  letGoOfAnswer(): void {
    const { bytes } = this;
    if (bytes.length < bytes.buffer.byteLength / 2) this.held.bytes = Buffer.from(bytes);
  }

  /** @throws when it cannot be decompressed */
  decompress(): Promise<void> {
    return this.current.decompress();
  }

  /** Goes on to the next batch. */
  advance(): void {
    this.at += sizeAt(this.bytes, this.at);
    this.batch = undefined;
  }

  /** Why the next batch cannot be decoded. Its checksum is looked at only now, unless it is so configured. */
  explain(thrown: unknown): string {
    const message = thrown instanceof Error ? thrown.message : describeThrown(thrown).text; // codecs are code of others
    return isIntact(this.bytes, this.at) || message === corrupt ? message : `${message}; ${corrupt}`;
  }

  private get current(): RecordBatch {
    return (this.batch ??= new RecordBatch(this.partition, this.held, this.at));
  }
}

const corrupt = 'the checksum of the batch does not match: it is corrupt';
