import { Fifo } from '../fifo.js';
import { largestSpan, mostOpen } from './commit-metadata.js';
import type { OffsetRange } from './offset-range.js';

/** So many completed offsets are kept for nothing at most, beside as many as are open. */
const mostIdle = 1_000;

/**
 * Which offsets of a partition are open (admitted, not completed), for one assignment of it. Offsets are admitted in
 * rising order, with gaps (compaction, transaction markers), and completed in any.
 *
 * The committable offset is the lowest open one, or, when none is open, the offset behind everything that was read: all
 * below it is completed, so a restart from there loses nothing. Memory is proportional to the open offsets.
 *
 * @typeParam T what waits at an open offset
 */
export class OffsetTracker<T = unknown> {
  private readonly open = new Map<number, T>();

  /** The open offsets, rising, and among them some that are completed by now: a Map does not tell its first in no time. */
  private rising = new Fifo<number>();

  /** Completed under an earlier assignment, not read in this one yet; rising. */
  private earlier: readonly OffsetRange[];
  private highestCompleted = -1;
  private completed = 0;

  /**
   * @param end where the assignment starts to read
   * @param earlier what was completed above it before
   */
  constructor(
    private end: number,
    earlier: readonly OffsetRange[] = [],
  ) {
    this.earlier = earlier;
  }

  get openCount(): number {
    return this.open.size;
  }

  /** How many offsets were completed; it tells whether there is something new to commit. */
  get completions(): number {
    return this.completed;
  }

  get committable(): number {
    for (let lowest = this.rising.first; lowest !== undefined; lowest = this.rising.first) {
      if (this.open.has(lowest)) return lowest;
      this.rising.shift();
    }
    return this.end;
  }

  /**
   * @returns false for an offset that was completed under an earlier assignment: it is not to be handled again
   * @throws when the offset is not behind all admitted so far
   */
  admit(offset: number, waiting: T): boolean {
    if (offset < this.end) throw new Error(`Offset ${offset} admitted after everything below ${this.end}`);
    const isNew = !this.wasCompleted(offset);
    if (isNew) this.open.set(offset, waiting);
    if (isNew) this.rising.push(offset);
    else this.highestCompleted = offset;
    this.end = offset + 1;
    return isNew;
  }

  /** Everything below was read; what was not admitted of it holds no record for us. */
  readUpTo(next: number): void {
    this.end = Math.max(this.end, next);
  }

  complete(offset: number): void {
    if (!this.open.delete(offset)) return;
    this.completed++;
    this.highestCompleted = Math.max(this.highestCompleted, offset);
    if (this.rising.length > 2 * this.open.size + mostIdle) this.rising = Fifo.of(this.open.keys());
  }

  /** What waits at the open offsets below this one, the lowest first. */
  *openBelow(end: number): Iterable<T> {
    for (const [offset, waiting] of this.open) {
      if (offset >= end) return;
      yield waiting;
    }
  }

  /**
   * Whether the metadata of a commit would still hold all that is completed above the committable offset, if this offset
   * were completed, too, whatever else is open.
   */
  isWithinReach(offset: number): boolean {
    return offset - this.committable < largestSpan || this.open.size <= mostOpen;
  }

  /** How much of what a commit's metadata can hold is needed at most now; 1 is all of it. */
  get metadataFill(): number {
    const span = this.highestCompleted + 1 - this.committable;
    return span <= 0 ? 0 : Math.min(span / largestSpan, this.open.size / mostOpen);
  }

  /** What is completed above the committable offset, rising. Offsets without a record for us count as completed. */
  completedAbove(): OffsetRange[] {
    const ranges: OffsetRange[] = [];
    const add = (from: number, to: number): void => void (from < to && ranges.push({ from, to }));
    let from = this.committable;
    for (const offset of this.open.keys()) {
      add(from, offset);
      from = offset + 1;
      if (from > this.highestCompleted) break;
    }
    if (from <= this.highestCompleted) add(from, this.end);
    for (const range of this.earlier) add(Math.max(range.from, this.end), range.to);
    return ranges.filter(({ to }) => to > this.committable && this.open.size + this.earlier.length > 0);
  }

  private wasCompleted(offset: number): boolean {
    while (this.earlier[0] && this.earlier[0].to <= offset) this.earlier = this.earlier.slice(1);
    return this.earlier[0] !== undefined && this.earlier[0].from <= offset;
  }
}
