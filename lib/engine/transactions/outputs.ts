import type { RecordToSend } from '../client/produce/pending-record.js';

/** A record to be stored with a position. */
export interface OutputRecord extends RecordToSend {
  /** Called once it is. */
  readonly stored?: () => void;
}

/** Such a record, and the offset of the one that has led to it. */
interface Output {
  readonly offset: number;
  readonly record: OutputRecord;
}

/** What completed records of a partition have led to, until a transaction has stored it. */
export class Outputs {
  private waiting: Output[] = [];
  private underWay: readonly Output[] = [];
  private size = 0;

  get count(): number {
    return this.waiting.length + this.underWay.length;
  }

  get bytes(): number {
    return this.size;
  }

  /** What the record at an offset has led to. */
  add(offset: number, records: readonly OutputRecord[]): void {
    for (const record of records) {
      this.waiting.push({ offset, record }); // one by one: a call does not take any number of arguments
      this.size += sizeOf(record);
    }
  }

  /** What waits of records below this offset; it is under way until it is {@link stored} or {@link giveBack given back}. */
  take(end = Infinity): readonly RecordToSend[] {
    this.underWay = this.waiting.filter(({ offset }) => offset < end);
    this.waiting = this.waiting.filter(({ offset }) => offset >= end);
    return this.underWay.map(({ record }) => record);
  }

  stored(): void {
    for (const { record } of this.underWay) {
      this.size -= sizeOf(record);
      record.stored?.();
    }
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
