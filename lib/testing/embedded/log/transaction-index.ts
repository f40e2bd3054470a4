/** A transaction whose records a `read_committed` reader must skip. */
export interface AbortedTransaction {
  producerId: number;
  firstOffset: number;

  /** Offset of the marker. */
  lastOffset: number;
}

/** Which transactions of a partition are open, and which were aborted. */
export class TransactionIndex {
  private readonly open = new Map<number, number>();
  private readonly aborted: AbortedTransaction[] = [];

  /** First offset of the oldest open transaction: where `read_committed` readers have to stop. */
  get firstOpen(): number | undefined {
    return this.open.size ? Math.min(...this.open.values()) : undefined;
  }

  begin(producerId: number, offset: number): void {
    if (!this.open.has(producerId)) this.open.set(producerId, offset);
  }

  end(producerId: number, marker: number, committed: boolean): void {
    const firstOffset = this.open.get(producerId);
    this.open.delete(producerId);
    if (!committed && firstOffset !== undefined) this.aborted.push({ producerId, firstOffset, lastOffset: marker });
  }

  /** The aborted transactions with records between two offsets, in the order of their first record. */
  abortedBetween(from: number, to: number): AbortedTransaction[] {
    return this.aborted
      .filter(({ firstOffset, lastOffset }) => firstOffset <= to && lastOffset >= from)
      .sort((a, b) => a.firstOffset - b.firstOffset);
  }
}
