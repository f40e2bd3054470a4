/** Things alike that came within one interval. */
interface Series<T> {
  begunAt: number;
  told: number;

  /** How many were left out, since when, and the last of them. */
  left: number;
  leftSince: number;
  last: T | undefined;
}

/** What was left out of a series. */
export interface LeftOut<T> {
  readonly last: T;
  readonly count: number;

  /** The time in which they came. */
  readonly forMs: number;
}

/** What comes with ever new names is no new kind. */
const mostKinds = 100;

/** Of things that are alike, lets a number through in each interval, and counts the others. */
export class Repeats<T> {
  /** By what they have in common; in the order in which their intervals began. */
  private readonly series = new Map<string, Series<T>>();

  constructor(
    private readonly whole: number,
    private readonly intervalMs: number,
  ) {}

  /** How many are kept in mind. */
  get size(): number {
    return this.series.size;
  }

  /** When the next interval ends out of which something was left. */
  get nextEnd(): number | undefined {
    for (const { begunAt, left } of this.series.values()) if (left > 0) return begunAt + this.intervalMs;
    return undefined;
  }

  /**
   * @param now in ms, like all of its kind here
   * @param others what it is like where there are many kinds already
   * @returns what was left out and not told before, if this one is to be told; `undefined` if it is left out
   */
  note(alike: string, one: T, now: number, others = alike): Omit<LeftOut<T>, 'last'> | undefined {
    this.forget(now);
    const isKind = this.series.size < mostKinds || this.series.has(alike);
    const series = this.current(isKind ? alike : others, now);
    if (series.told < this.whole) {
      const { left: count, leftSince } = series;
      series.told++;
      if (count > 0) Object.assign(series, { left: 0, leftSince: now });
      return { count, forMs: now - leftSince };
    }
    series.left++;
    series.last = one;
    return undefined;
  }

  /** What was left out of intervals that are over, or of all; told from now on, which counts for one of the next. */
  takeLeftOut(now: number, ofAll = false): LeftOut<T>[] {
    const found: LeftOut<T>[] = [];
    for (const [alike, { begunAt, left: count, leftSince, last }] of [...this.series]) {
      if (!ofAll && now - begunAt < this.intervalMs) break;
      this.series.delete(alike);
      if (count === 0) continue;
      if (last) found.push({ last, count, forMs: now - leftSince });
      this.series.set(alike, { begunAt: now, told: 1, left: 0, leftSince: now, last: undefined });
    }
    return found;
  }

  private current(alike: string, now: number): Series<T> {
    const known = this.series.get(alike);
    if (known && now - known.begunAt < this.intervalMs) return known;
    const { left = 0, leftSince = now, last } = known?.left ? known : {};
    const series: Series<T> = { begunAt: now, told: 0, left, leftSince, last };
    this.series.delete(alike);
    this.series.set(alike, series);
    return series;
  }

  /** What did not go on is no series any more. */
  private forget(now: number): void {
    for (const [alike, { begunAt }] of this.series) {
      if (now - begunAt < 2 * this.intervalMs) return;
      this.series.delete(alike);
    }
  }
}
