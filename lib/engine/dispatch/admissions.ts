import { Fifo } from '../fifo.js';
import type { OffsetTracker } from '../offsets/offset-tracker.js';

/** What is admitted within such a time counts as admitted at its beginning. */
const stepMs = 100;

/** When the open records of a partition were admitted. */
export class Admissions {
  private readonly steps = new Fifo<{ readonly from: number; readonly at: number }>();

  constructor(private readonly tracker: Pick<OffsetTracker, 'committable' | 'openCount'>) {}

  /** Records are admitted, this offset the first of them. */
  note(from: number): void {
    this.forget();
    const now = Date.now();
    if (now - (this.steps.last?.at ?? 0) >= stepMs) this.steps.push({ from, at: now });
  }

  /** When the oldest open record was, in ms since 1970; `undefined` without any. */
  get oldest(): number | undefined {
    this.forget();
    return this.steps.first?.at;
  }

  /** The offset below which all were admitted before that time, in ms since 1970. */
  endBefore(time: number): number {
    this.forget();
    let young = 0;
    while ((this.steps.at(young)?.at ?? Infinity) < time) young++;
    return this.steps.at(young)?.from ?? Infinity;
  }

  private forget(): void {
    const { committable, openCount } = this.tracker;
    while ((this.steps.at(1)?.from ?? Infinity) <= committable) this.steps.shift();
    if (openCount === 0) this.steps.clear();
  }
}
