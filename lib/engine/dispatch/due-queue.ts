import type { ConsumedRecord } from '../client/consumer-client.js';
import { Fifo } from '../fifo.js';
import { longestDelayMs } from '../wait.js';

/** `dueAt`: by a clock that nobody sets. */
interface Waiting {
  readonly record: ConsumedRecord;
  readonly dueAt: number;
}

/**
 * Records of a partition of a retry topic, in their order, until each is due: so long after the timestamp that the broker gave
 * it. None waits longer than that from its arrival on, however far the clocks of broker and consumer are apart.
 */
export class DueQueue {
  private readonly waiting = new Fifo<Waiting>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly delayMs: number,
    private readonly due: (records: readonly ConsumedRecord[]) => void,
  ) {}

  get length(): number {
    return this.waiting.length;
  }

  get isEmpty(): boolean {
    return this.length === 0;
  }

  /** @returns those of the records, and of the earlier ones, that are due already */
  hold(records: readonly ConsumedRecord[]): ConsumedRecord[] {
    const [now, clock] = [Date.now(), performance.now()];
    const agoMs = ({ timestamp }: ConsumedRecord): number => Math.max(0, now - timestamp);
    for (const record of records) this.waiting.push({ record, dueAt: clock + this.delayMs - agoMs(record) });
    return this.release();
  }

  /** Nothing becomes due any more. */
  close(): void {
    clearTimeout(this.timer);
  }

  private release(): ConsumedRecord[] {
    const now = performance.now();
    const due: ConsumedRecord[] = [];
    while ((this.waiting.first?.dueAt ?? Infinity) <= now) due.push(this.waiting.shift()!.record);
    clearTimeout(this.timer);
    const { first } = this.waiting;
    if (first) this.timer = setTimeout(() => this.due(this.release()), Math.min(first.dueAt - now, longestDelayMs));
    return due;
  }
}
