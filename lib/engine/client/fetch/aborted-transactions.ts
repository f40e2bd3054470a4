import type { AbortedTransaction } from './fetch-response.js';
import { isAbortMarker } from './fetched-record.js';
import type { RecordBatch } from './record-batch.js';

/**
 * Tells which batches of one answer belong to aborted transactions. The broker lists where each of them began; it ends
 * at its marker. To be asked about the batches in their order.
 */
export class AbortedTransactions {
  private readonly pending: readonly AbortedTransaction[];
  private readonly openProducers = new Set<number>();
  private begun = 0;

  constructor(listed: readonly AbortedTransaction[]) {
    this.pending = listed.length > 1 ? [...listed].sort((a, b) => a.firstOffset - b.firstOffset) : listed;
  }

  /**
   * Whether a batch holds no records for us: a marker, or a part of an aborted transaction.
   *
   * @throws when a marker cannot be read
   */
  leavesOut(batch: RecordBatch): boolean {
    this.beginUpTo(batch.lastOffset);
    if (batch.isControl) {
      if (this.openProducers.has(batch.producerId) && isAbortMarker(batch)) this.openProducers.delete(batch.producerId);
      return true;
    }
    return batch.isTransactional && this.openProducers.has(batch.producerId);
  }

  private beginUpTo(offset: number): void {
    while (this.begun < this.pending.length && this.pending[this.begun]!.firstOffset <= offset) {
      this.openProducers.add(this.pending[this.begun++]!.producerId);
    }
  }
}
