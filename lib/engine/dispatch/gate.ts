/** Where records wait for a gate. */
export interface Parked {
  /** Something of it may be started now. */
  wake(): void;
}

/** A limit on the records of some handlers, whatever partitions they come from. */
export interface Gate {
  readonly isOpen: boolean;

  /** A record goes through. */
  enter(): void;

  /** Its attempt is over. */
  leave(): void;

  /** To be woken when the gate opens. */
  park(parked: Parked): void;
}

/** Records in flight, at most so many. */
export class ConcurrencyGate implements Gate {
  private inside = 0;
  private readonly parked = new Set<Parked>();

  constructor(private readonly most: number) {}

  get isOpen(): boolean {
    return this.inside < this.most;
  }

  enter(): void {
    this.inside++;
  }

  leave(): void {
    this.inside--;
    for (const first of this.parked) {
      if (!this.isOpen) return;
      this.parked.delete(first);
      first.wake(); // it may have nothing to start any more, or wait for something else: then the next has its turn
    }
  }

  park(parked: Parked): void {
    this.parked.add(parked);
  }
}

/** What may come at once after a rest, in milliseconds of the rate; timers are not more exact. */
const burstMs = 100;

/**
 * Records a second, at most so many. Each entry moves the time at which the rate is caught up with; the gate is closed
 * while that lies more than a burst ahead (the generic cell rate algorithm).
 */
export class RateGate implements Gate {
  private caughtUpAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly parked = new Set<Parked>();

  constructor(private readonly perSecond: number) {}

  get isOpen(): boolean {
    return this.opensInMs <= 0;
  }

  enter(): void {
    this.caughtUpAt = Math.max(this.caughtUpAt, performance.now()) + 1000 / this.perSecond;
  }

  leave(): void {
    // an attempt that is over gives nothing back
  }

  park(parked: Parked): void {
    this.parked.add(parked);
    this.timer ??= setTimeout(() => this.open(), Math.ceil(this.opensInMs)).unref();
  }

  private get opensInMs(): number {
    return this.caughtUpAt - performance.now() - Math.max(0, burstMs - 1000 / this.perSecond);
  }

  private open(): void {
    this.timer = undefined;
    const woken = [...this.parked];
    this.parked.clear();
    woken.forEach((parked) => parked.wake());
  }
}
