import { Fifo } from '../../fifo.js';
import { partitionName, type TopicPartition } from '../consumer-client.js';
import { Batch, batchOverhead, type ProducerState } from './batch.js';
import type { ProducerId } from './producer-identity.js';
import type { PendingRecord } from './pending-record.js';

const largestEpoch = 0x7fff;
const sequences = 0x8000_0000;

/**
 * The records for one partition, in order. One batch is under way at a time, and the sequence moves on only with one that is
 * stored: what is sent again has the same numbers, so that it is stored once.
 */
export class PartitionQueue implements TopicPartition {
  readonly name: string;

  /** Node id of the broker that stores its records; `undefined` while nobody knows. */
  leader: number | undefined;

  /** Whether it is left alone for a while, after a failure. */
  isResting = false;

  /** Attempts since the last one that was answered well. */
  failures = 0;
  private lastFailure: Error | undefined;
  private readonly records = new Fifo<PendingRecord>();

  /** To be sent before the records, as they are. */
  private batches: Batch[] = [];
  private underWay: Batch | undefined;
  private producer: ProducerState | undefined;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {
    this.name = partitionName(this);
  }

  get isEmpty(): boolean {
    return this.batches.length === 0 && this.records.length === 0;
  }

  /** Whether there is something to be sent now: one batch at a time. */
  get isReady(): boolean {
    return !this.underWay && !this.isResting && !this.isEmpty;
  }

  add(record: PendingRecord): void {
    this.records.push(record);
  }

  /**
   * The next batch, which is under way then.
   *
   * @param room bytes it may take
   * @param isFirst whether it is to be taken whatever its size
   */
  take(room: number, isFirst: boolean): Batch | undefined {
    const [next] = this.batches;
    if (next && (isFirst || next.size <= room)) this.underWay = this.batches.shift();
    else if (!next) this.underWay = this.collect(room, isFirst);
    return this.underWay;
  }

  /** How the batch under way is to be signed. */
  signature(id: ProducerId): ProducerState {
    return (this.producer ??= { ...id, sequence: 0 });
  }

  stored(batch: Batch, baseOffset: number): void {
    this.answered();
    const { producer } = this;
    if (producer) producer.sequence = (producer.sequence + batch.records.length) % sequences;
    batch.records.forEach((record, at) => record.succeed(this.partition, baseOffset + at));
  }

  /** The batch, if there was one, is to be sent once more. */
  failed(batch: Batch | undefined, reason: Error): void {
    this.underWay = undefined;
    this.failures++;
    this.lastFailure = reason;
    if (batch) this.batches.unshift(batch);
  }

  split(batch: Batch): void {
    this.answered();
    this.batches.unshift(...batch.split());
  }

  refuse(batch: Batch, error: Error): void {
    this.answered();
    this.drop(batch, error);
  }

  /** Gives up all there is. */
  refuseAll(error: Error): void {
    for (const batch of this.batches.splice(0)) this.drop(batch, error);
    for (let record = this.records.shift(); record; record = this.records.shift()) record.fail(error);
  }

  /** Gives up what is too late. */
  expire(now: number): void {
    while (this.batches[0] && this.batches[0].deadline <= now) {
      const batch = this.batches.shift()!;
      this.drop(batch, this.tooLate(batch.inDoubt));
    }
    while (this.records.first && this.records.first.deadline <= now) this.records.shift()!.fail(this.tooLate(false));
  }

  /**
   * Begins to count anew: with the next epoch, so that the broker refuses what an abandoned request may still bring, or with
   * another producer id.
   *
   * @returns the producer id that is of no more use, if so
   */
  renew(isFenced: boolean): number | undefined {
    const { producer } = this;
    if (!producer) return undefined;
    const isUsedUp = isFenced || producer.epoch === largestEpoch;
    this.producer = isUsedUp ? undefined : { ...producer, epoch: producer.epoch + 1, sequence: 0 };
    return isUsedUp ? producer.producerId : undefined;
  }

  private answered(): void {
    this.underWay = undefined;
    this.failures = 0;
  }

  private tooLate(mayBeStored: boolean): Error {
    const { lastFailure: cause } = this;
    const fate = mayBeStored ? 'it may or may not be stored' : 'it is not stored';
    return new Error(`${this.name}: not acknowledged in time, ${fate}${cause ? `; last: ${cause.message}` : ''}`, {
      cause,
    });
  }

  /** Whether the broker has counted it nobody knows. */
  private drop(batch: Batch, error: Error): void {
    if (batch.inDoubt) this.renew(false);
    for (const record of batch.records) record.fail(error);
  }

  private collect(room: number, isFirst: boolean): Batch | undefined {
    const found: PendingRecord[] = [];
    let left = room - batchOverhead;
    for (let next = this.records.first; next; next = this.records.first) {
      const isWelcome = next.size <= left || (isFirst && found.length === 0);
      if (!isWelcome || next.record.compression !== (found[0] ?? next).record.compression) break;
      found.push(this.records.shift()!);
      left -= next.size;
    }
    return found.length > 0 ? new Batch(found) : undefined;
  }
}
