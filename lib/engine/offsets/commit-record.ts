import { partitionName, type PartitionPosition, type TopicPartition } from '../client/consumer-client.js';
import type { CommitListener } from './committer.js';

/**
 * What is due is tried again sooner, also in transactions, with handlers before them: a failure of which nothing was heard for so
 * long is over, its partition gone.
 */
const forgottenAfterMs = 300_000;

/**
 * Positions of a partition that the broker does not take.
 *
 * @publicApi
 */
export interface CommitTrouble {
  /** Milliseconds since the first failure after which none was taken. */
  forMs: number;

  /** Why the last one was not. */
  error: string;
}

interface Trouble {
  readonly since: number;
  readonly at: number;
  readonly error: string;
}

/** Counts commits, and remembers whose fail. Times are by a clock that nobody sets. */
export class CommitRecord implements CommitListener {
  commits = 0;
  commitFailures = 0;
  private readonly troubles = new Map<string, Trouble>();

  /** @param next is told, too */
  constructor(private readonly next?: CommitListener) {}

  committed(positions: readonly PartitionPosition[], durationMs = 0): void {
    this.commits++;
    if (this.troubles.size > 0) for (const position of positions) this.troubles.delete(partitionName(position));
    this.next?.committed(positions, durationMs);
  }

  commitFailed(positions: readonly PartitionPosition[], error: Error, durationMs = 0): void {
    this.commitFailures++;
    const at = performance.now();
    for (const name of positions.map(partitionName)) {
      this.troubles.set(name, { since: this.troubleOf(name, at)?.since ?? at, at, error: error.message });
    }
    this.next?.commitFailed(positions, error, durationMs);
  }

  /** `null` for a partition whose last commit was taken. */
  trouble(partition: TopicPartition, now = performance.now()): CommitTrouble | null {
    const trouble = this.troubleOf(partitionName(partition), now);
    return trouble ? { forMs: Math.round(now - trouble.since), error: trouble.error } : null;
  }

  private troubleOf(name: string, now: number): Trouble | undefined {
    const trouble = this.troubles.get(name);
    if (trouble && now - trouble.at <= forgottenAfterMs) return trouble;
    this.troubles.delete(name);
    return undefined;
  }
}
