import type { RecordToSend } from '../client/produce/pending-record.js';

/** What completed records of a partition have led to, until a transaction has stored it. */
export class Outputs {
  private waiting: RecordToSend[] = [];
  private underWay: readonly RecordToSend[] = [];
  private size = 0;

  get count(): number {
    return this.waiting.length + this.underWay.length;
  }

  get bytes(): number {
    return this.size;
  }

  add(records: readonly RecordToSend[]): void {
    for (const record of records) {
      this.waiting.push(record); // one by one: a call does not take any number of arguments
      this.size += sizeOf(record);
    }
  }

  /** All that waits; it is under way until it is {@link stored} or {@link giveBack given back}. */
  take(): readonly RecordToSend[] {
    this.underWay = this.waiting;
    this.waiting = [];
    return this.underWay;
  }

  stored(): void {
    for (const record of this.underWay) this.size -= sizeOf(record);
    this.underWay = [];
  }

  giveBack(): void {
    this.waiting = [...this.underWay, ...this.waiting];
    this.underWay = [];
  }
}

function sizeOf({ key, value }: RecordToSend): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}
