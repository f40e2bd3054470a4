const sliceMs = 10;

/**
 * Lets the event loop turn. Handlers that never wait for anything follow one another in microtasks, and heartbeats,
 * commits, timers and sockets would wait for the last of them. By time and not by count: handlers differ.
 */
export class TimeSlice {
  private began = performance.now();
  private turn: Promise<void> | undefined;

  /** A promise to wait for when the slice is over. All lanes share it. */
  pauseIfOver(): Promise<void> | undefined {
    if (performance.now() - this.began < sliceMs) return undefined;
    this.turn ??= new Promise((resolve) =>
      setImmediate(() => {
        this.began = performance.now();
        this.turn = undefined;
        resolve();
      }),
    );
    return this.turn;
  }
}
