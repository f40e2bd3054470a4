import { Refusal } from '../protocol/errors.js';
import { Signal } from '../signal.js';
import { ProducerStates } from './producer-states.js';
import { type RecordBatch } from './record-batch.js';
import { createMarker, decodeRecords, isDecodable } from './records.js';
import { type AbortedTransaction, TransactionIndex } from './transaction-index.js';

/** How a log takes records. */
export interface AppendOptions {
  leaderEpoch?: number;

  /** Makes this time, in ms since 1970, the records' timestamp in place of the producer's. */
  logAppendTime?: number;
}

/** What a reader wants of a log. */
export interface ReadOptions {
  /** Offset of the first record wanted. */
  from: number;

  /** Most bytes to give. */
  maxBytes: number;

  /** Give the first batch even if it is longer than `maxBytes`, so that a reader never gets stuck (KIP-74). */
  atLeastOne?: boolean;

  /** Give nothing of a transaction that is still open (`read_committed`). */
  committedOnly?: boolean;
}

export interface Slice {
  batches: Buffer[];
  bytes: number;
  aborted: AbortedTransaction[];
}

/**
 * One partition's records: batches kept as they came, in memory, with the offsets they were given.
 *
 * Nothing is replicated, so the high watermark is always the log's end.
 */
export class PartitionLog {
  /** Notified when something can be read that could not be before. */
  readonly changed = new Signal();

  private batches: RecordBatch[] = [];
  private readonly producers = new ProducerStates();
  private readonly transactions = new TransactionIndex();
  private start = 0;
  private end = 0;

  /** Lowest offset that can be read. */
  get startOffset(): number {
    return this.start;
  }

  /** Offset the next record gets; also the high watermark. */
  get endOffset(): number {
    return this.end;
  }

  /** Where `read_committed` readers have to stop. */
  get lastStableOffset(): number {
    return this.transactions.firstOpen ?? this.end;
  }

  /**
   * Appends a batch and returns its first offset; a repeat of an idempotent producer's batch is not appended again.
   *
   * @throws Refusal see {@link ProducerStates.duplicateOf}
   */
  append(batch: RecordBatch, { leaderEpoch = 0, logAppendTime }: AppendOptions = {}): number {
    const duplicate = this.checkProducer(batch);
    if (duplicate !== undefined) return duplicate;
    if (logAppendTime !== undefined) batch.stamp(logAppendTime);
    return this.store(batch, leaderEpoch);
  }

  /** Ends a producer's transaction and fences the producer's older epochs. */
  endTransaction(producerId: number, epoch: number, committed: boolean, leaderEpoch = 0): void {
    const marker = this.end;
    this.producers.fence(producerId, epoch);
    this.transactions.end(producerId, marker, committed);
    this.store(createMarker(producerId, epoch, committed, Date.now()), leaderEpoch);
  }

  /**
   * Batches from an offset on.
   *
   * @throws Refusal `OFFSET_OUT_OF_RANGE`
   */
  read({ from, maxBytes, atLeastOne = false, committedOnly = false }: ReadOptions): Slice {
    if (from < this.start || from > this.end) {
      throw new Refusal('OFFSET_OUT_OF_RANGE', `expected an offset of ${this.start} to ${this.end}, got ${from}`);
    }
    const limit = committedOnly ? this.lastStableOffset : this.end;
    const slice: Slice = { batches: [], bytes: 0, aborted: [] };
    let last = from;
    for (let i = this.indexOf(from); i < this.batches.length; i++) {
      const batch = this.batches[i] as RecordBatch;
      const fits = slice.bytes + batch.bytes.length <= maxBytes || (atLeastOne && slice.bytes === 0);
      if (!fits || batch.baseOffset >= limit) break;
      slice.batches.push(batch.bytes);
      slice.bytes += batch.bytes.length;
      last = batch.lastOffset;
    }
    if (committedOnly) slice.aborted = this.transactions.abortedBetween(from, last);
    return slice;
  }

  /** First record of this time (ms since 1970) or later, or undefined when there is none. */
  at(timestamp: number): { offset: number; timestamp: number } | undefined {
    for (const batch of this.batches) {
      if (batch.maxTimestamp < timestamp) continue;
      const found = this.within(batch, timestamp);
      if (found) return found;
    }
    return undefined;
  }

  /**
   * Makes an offset the log's start and returns it. -1 stands for the log's end.
   *
   * @throws Refusal `OFFSET_OUT_OF_RANGE` for an offset beyond the log's end
   */
  deleteBefore(offset: number): number {
    const start = offset === -1 ? this.end : offset;
    if (start < 0 || start > this.end) {
      throw new Refusal('OFFSET_OUT_OF_RANGE', `expected an offset of 0 to ${this.end}, got ${offset}`);
    }
    this.start = Math.max(this.start, start);
    this.batches = this.batches.filter(({ lastOffset }) => lastOffset >= this.start);
    return this.start;
  }

  /** Every batch that holds a record at or after the log's start. */
  all(): readonly RecordBatch[] {
    return this.batches;
  }

  /** The aborted transactions of the whole log. */
  aborted(): AbortedTransaction[] {
    return this.transactions.abortedBetween(this.start, this.end);
  }

  private checkProducer(batch: RecordBatch): number | undefined {
    return batch.producerId < 0 ? undefined : this.producers.duplicateOf(batch);
  }

  private store(batch: RecordBatch, leaderEpoch: number): number {
    const baseOffset = this.end;
    batch.place(baseOffset, leaderEpoch);
    this.batches.push(batch);
    this.end = batch.lastOffset + 1;
    if (batch.producerId >= 0 && !batch.isControl) this.producers.record(batch, baseOffset);
    if (batch.isTransactional && !batch.isControl) this.transactions.begin(batch.producerId, baseOffset);
    this.changed.notify();
    return baseOffset;
  }

  private within(batch: RecordBatch, timestamp: number) {
    if (!isDecodable(batch)) return { offset: Math.max(batch.baseOffset, this.start), timestamp: batch.maxTimestamp };
    return decodeRecords(batch).find((record) => record.timestamp >= timestamp && record.offset >= this.start);
  }

  /** Index of the first batch that reaches an offset, by bisection. */
  private indexOf(offset: number): number {
    let low = 0;
    let high = this.batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.batches[middle] as RecordBatch).lastOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
