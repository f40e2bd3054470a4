const sliceMs = 10;

/**
 * Lets the event loop turn. Handlers that never wait for anything follow one another without a break, and heartbeats,
 * commits, timers and sockets would wait for the last of them. By time and not by count: handlers differ.
 */
export class TimeSlice {
  private beganAt: number | undefined;

  /** @param next is called when the event loop has turned after a slice */
  constructor(private readonly next: () => void) {}

  /** Whether it is time to stop until `next` is called. A slice begins with the first call of a turn. */
  isOver(): boolean {
    if (this.beganAt === undefined) {
      this.beganAt = performance.now();
      setImmediate(() => this.turned());
      return false;
    }
    return performance.now() - this.beganAt >= sliceMs;
  }

  private turned(): void {
    this.beganAt = undefined;
    this.next();
  }
}
