/**
 * Which offsets of a partition are open (admitted, not completed), for one assignment of it. Offsets are admitted in
 * rising order, with gaps (compaction, transaction markers), and completed in any.
 *
 * The committable offset is the lowest open one, or, when none is open, the offset behind everything that was read: all
 * below it is completed, so a restart from there loses nothing.
 */
export class OffsetTracker {
  /** A Set keeps insertion order, so its first member is the lowest open offset. */
  private readonly open = new Set<number>();

  constructor(private end: number) {}

  get openCount(): number {
    return this.open.size;
  }

  get committable(): number {
    for (const lowest of this.open) return lowest;
    return this.end;
  }

  /** @throws when the offset is not behind all admitted so far */
  admit(offset: number): void {
    if (offset < this.end) throw new Error(`Offset ${offset} admitted after everything below ${this.end}`);
    this.open.add(offset);
    this.end = offset + 1;
  }

  /** Everything below was read; what was not admitted of it holds no record for us. */
  readUpTo(next: number): void {
    this.end = Math.max(this.end, next);
  }

  complete(offset: number): void {
    this.open.delete(offset);
  }
}
