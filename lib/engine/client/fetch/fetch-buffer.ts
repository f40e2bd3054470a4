/** How often paused partitions are looked for that hold more than is theirs. */
const letGoMs = 1_000;

/** A partition that may hold something of the buffer. */
export interface BufferUser {
  readonly paused: boolean;
  readonly chunks: readonly { letGoOfAnswer(): void }[];

  /** Drops what it holds. */
  restart(): void;
}

/** What is fetched and not yet handed out, of all partitions, under a limit. */
export class FetchBuffer {
  private held = 0;

  /** Somebody was told that there is no room. */
  private hasTurnedAway = false;
  private timer: NodeJS.Timeout | undefined;

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

  take(bytes: number): void {
    this.held += bytes;
  }

  release(bytes: number): void {
    this.held -= bytes;
    if (!this.hasTurnedAway || this.held >= this.limit) return;
    this.hasTurnedAway = false;
    this.roomAgain();
  }

  /** A partition was paused. It may stay so, and would hold the whole answers that its records came with. */
  paused(): void {
    this.timer ??= setTimeout(() => this.letGoOfAnswers(), letGoMs);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private letGoOfAnswers(): void {
    this.timer = undefined;
    for (const { paused, chunks } of this.users.values()) if (paused) chunks.forEach((chunk) => chunk.letGoOfAnswer());
  }

  private dropPaused(): void {
    for (const user of this.users.values()) {
      if (user.paused && user.chunks.length > 0) user.restart();
      if (this.held <= this.limit / 2) return;
    }
  }
}
