/** A partition is asked for no less than this at a time, so that there are not too many requests. */
const leastChunkBytes = 65_536;

/** A partition that may hold something of the buffer. */
export interface BufferUser {
  readonly paused: boolean;
  readonly chunks: readonly unknown[];

  /** Drops what it holds. */
  restart(): void;
}

/** What is fetched and not yet handed out, of all partitions, under a limit. */
export class FetchBuffer {
  private held = 0;

  /** Somebody was told that there is no room. */
  private hasTurnedAway = false;

  /** @param roomAgain is called when there is room again for those who were told that there is none */
  constructor(
    private readonly limit: number,
    private readonly users: ReadonlyMap<string, BufferUser>,
    private readonly roomAgain: () => void,
  ) {}

  /**
   * Bytes that may be fetched now. Where there are none, paused partitions drop what they hold: a partition that stands
   * still takes nothing from the others.
   */
  makeRoom(): number {
    if (this.held >= this.limit) this.dropPaused();
    if (this.held >= this.limit) this.hasTurnedAway = true;
    return this.limit - this.held;
  }

  /** What one partition may be asked for at a time: two chunks of each fit in. */
  chunkBytes(most: number): number {
    const share = Math.floor(this.limit / (2 * this.users.size));
    return Math.min(most, Math.max(share, leastChunkBytes));
  }

  take(bytes: number): void {
    this.held += bytes;
  }

  release(bytes: number): void {
    this.held -= bytes;
    if (!this.hasTurnedAway || this.held >= this.limit) return;
    this.hasTurnedAway = false;
    this.roomAgain();
  }

  private dropPaused(): void {
    for (const user of this.users.values()) {
      if (user.paused && user.chunks.length > 0) user.restart();
      if (this.held <= this.limit / 2) return;
    }
  }
}
