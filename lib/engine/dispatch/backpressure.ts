import type { AssignedPartition } from './assigned-partition.js';

/** What may be admitted and not completed, for the whole consumer. */
export interface InFlightLimits {
  maxInFlightRecords: number;
  maxInFlightBytes: number;
}

/** A paused partition resumes below this part of what it may hold, or it would pause and resume at every record. */
const lowWater = 0.5;

/** So full of out-of-order completions may the metadata of a commit get: what waits already has to fit in, too. */
const metadataHighWater = 0.75;

/** This part of a limit is divided among the partitions; the rest goes to those that come first. */
const guaranteed = 0.5;

/**
 * Pauses a partition that holds what it may of the limits, and resumes it when half of that is done. Each assigned partition
 * has an equal share of one half of the limits, so that one that stands still takes nothing from the others; the other half
 * is for whoever needs it.
 */
export class Backpressure {
  private readonly records: Pool;
  private readonly bytes: Pool;

  /** Since when, in ms since 1970. */
  private readonly paused = new Map<AssignedPartition, number>();

  /** Whether those that are paused may resume for what others give back. */
  private isContended = false;

  constructor({ maxInFlightRecords, maxInFlightBytes }: InFlightLimits) {
    this.records = new Pool(maxInFlightRecords);
    this.bytes = new Pool(maxInFlightBytes);
  }

  /** What is paused now, and since when, in ms since 1970. */
  get pausedSince(): ReadonlyMap<AssignedPartition, number> {
    return this.paused;
  }

  /** Partitions have come or gone. */
  divideAmong(partitions: readonly AssignedPartition[]): void {
    const current = new Set(partitions);
    for (const partition of this.paused.keys()) if (!current.has(partition)) this.paused.delete(partition);
    this.records.divideAmong(partitions.map((partition) => [partition, partition.load.records]));
    this.bytes.divideAmong(partitions.map((partition) => [partition, partition.load.bytes]));
    for (const partition of partitions) this.look(partition);
  }

  /** The partition holds more or less than before. */
  look(partition: AssignedPartition): void {
    const fill = this.fill(partition);
    if (this.paused.has(partition)) this.resumeBelow(partition, fill);
    else if (fill >= 1) this.pause(partition);
    if (this.isContended && this.records.isRelaxed && this.bytes.isRelaxed) this.lookAtPaused();
  }

  private lookAtPaused(): void {
    this.isContended = false;
    for (const partition of this.paused.keys()) this.resumeBelow(partition, this.fill(partition));
  }

  private pause(partition: AssignedPartition): void {
    this.paused.set(partition, Date.now());
    this.isContended = true;
    partition.pause('backpressure');
  }

  private resumeBelow(partition: AssignedPartition, fill: number): void {
    if (fill > lowWater) return;
    this.paused.delete(partition);
    partition.resume('backpressure');
  }

  /** How full the partition is of what it may hold, by whatever is most short. */
  private fill(partition: AssignedPartition): number {
    const { records, bytes } = partition.load;
    const metadata = partition.metadataFill / metadataHighWater;
    return Math.max(this.records.fill(partition, records), this.bytes.fill(partition, bytes), metadata);
  }
}

/** A limit that partitions share: a part of it is each one's own, what they hold beyond that comes from a common rest. */
class Pool {
  private share: number;
  private readonly common: number;
  private used = 0;
  private readonly borrowed = new Map<AssignedPartition, number>();

  constructor(private readonly limit: number) {
    this.share = limit * guaranteed;
    this.common = limit - this.share;
  }

  divideAmong(holdings: readonly (readonly [AssignedPartition, number])[]): void {
    this.share = (this.limit * guaranteed) / Math.max(1, holdings.length);
    this.borrowed.clear();
    this.used = 0;
    for (const [partition, held] of holdings) this.borrow(partition, held);
  }

  fill(partition: AssignedPartition, held: number): number {
    const own = this.borrow(partition, held);
    return held / (this.share + Math.max(0, this.common - this.used + own));
  }

  get isRelaxed(): boolean {
    return this.used <= this.common * lowWater;
  }

  private borrow(partition: AssignedPartition, held: number): number {
    const before = this.borrowed.get(partition) ?? 0;
    const now = Math.max(0, held - this.share);
    if (now === before) return now;
    this.borrowed.set(partition, now);
    this.used += now - before;
    return now;
  }
}
