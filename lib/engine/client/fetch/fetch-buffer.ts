/** How often paused partitions are looked for that hold more than is theirs. */
const letGoMs = 1_000;

/** A partition that may hold something of the buffer. */
export interface BufferUser {
  readonly paused: boolean;
  readonly chunks: readonly { letGoOfAnswer(): void }[];

  /** Drops what it holds. */
  restart(): void;
}

/** So much of it is set aside, in equal shares, for polls of brokers of which it holds nothing: they wait for no other. */
const asidePart = 1 / 4;

/** All polls under way together may ask for so much of it. */
const pollsPart = 1 / 2;

const lanesOfBroker = 2;

/**
 * What is fetched and not yet handed out, of all partitions, and what the polls under way may bring, under a limit. Only a
 * batch that is larger than what was asked for goes beyond: a broker sends it whole.
 */
export class FetchBuffer {
  private taken = 0;

  /** The least bytes that somebody waits for. */
  private awaited = Infinity;
  private timer: NodeJS.Timeout | undefined;

  /** @param roomAgain is called when there is room again for those who were told that there is none */
  constructor(
    private readonly limit: number,
    private readonly users: ReadonlyMap<string, BufferUser>,
    private readonly brokers: ReadonlyMap<number, unknown>,
    private readonly roomAgain: () => void,
  ) {}

  /** Bytes that everybody may take. */
  get room(): number {
    return Math.max(0, this.limit * (1 - asidePart) - this.taken);
  }

  /** Bytes that one poll may ask for. */
  get largestPoll(): number {
    return this.shareOf(pollsPart);
  }

  /**
   * Takes room for a poll. Where there is none, paused partitions drop what they hold: a partition that stands still takes
   * nothing from the others.
   *
   * @param holdsNothing whether nothing is held of the broker to be polled
   * @returns the bytes to be asked for; 0 when there is no room
   */
  reserve(bytes: number, holdsNothing: () => boolean): number {
    const least = Math.min(bytes, this.shareOf(asidePart));
    if (this.room < least) this.dropPaused();
    if (this.room < least && !holdsNothing()) {
      this.awaited = Math.min(this.awaited, least);
      return 0;
    }
    const reserved = Math.min(bytes, Math.max(least, Math.floor(this.room)));
    this.take(reserved);
    return reserved;
  }

  take(bytes: number): void {
    this.taken += bytes;
  }

  release(bytes: number): void {
    this.taken -= bytes;
    if (this.room < this.awaited) return;
    this.awaited = Infinity;
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
      if (this.taken <= this.limit / 2) return;
    }
  }

  private shareOf(part: number): number {
    return Math.max(1, Math.floor((this.limit * part) / (this.brokers.size * lanesOfBroker)));
  }
}
