import type { CommittedPosition, PartitionPosition, TopicPartition } from '../client/consumer-client.js';
import { CommitFailedError, partitionName } from '../client/consumer-client.js';
import { errorFields, placesField } from '../log-fields.js';
import type { EngineLogger } from '../logger.js';
import { backoffDelay, type Backoff } from '../recovery/backoff.js';
import { wait } from '../wait.js';

/** How far a partition has come, and whether it may say so. */
export interface Committable extends TopicPartition {
  readonly isOwned: boolean;

  /** Where the group would go on, were this process to end now. */
  readonly position: PartitionPosition;

  /** What is to be kept beside that position. */
  readonly metadata: string;

  /** How many of its records are completed: more of them may change the metadata and leave the position as it is. */
  readonly completions: number;
}

/** Is told what became of positions. */
export interface CommitListener {
  /** @param durationMs milliseconds that the broker took, where it was asked more than once, all of them together */
  committed(positions: readonly PartitionPosition[], durationMs: number): void;
  commitFailed(positions: readonly PartitionPosition[], error: Error, durationMs: number): void;
}

type State = Pick<Committable, 'completions'> & { readonly offset: number };

const retries: Backoff = { initialDelayMs: 100, multiplier: 2, maxDelayMs: 5_000, jitter: 'none' };

/**
 * Commits how far partitions have come, one request at a time. Each one's position only rises, and one that is lost is
 * left out, so a commit never goes backwards and never touches another member's partition.
 */
export class Committer<Partition extends Committable> {
  private readonly committed = new WeakMap<Partition, State>();
  private underWay: Promise<boolean> = Promise.resolve(true);
  private next: Promise<boolean> | undefined;

  /** What the broker takes beside a position, in characters, as far as we know. */
  private longestMetadata = Infinity;

  constructor(
    private readonly partitions: () => Iterable<Partition>,
    private readonly send: (positions: CommittedPosition[]) => Promise<void>,
    private readonly logger: EngineLogger,
    private readonly listener?: CommitListener,
    private readonly group?: string,
  ) {}

  /** The position a partition starts from is committed already. */
  startedAt(partition: Partition): void {
    this.committed.set(partition, stateOf(partition));
  }

  /** Whether the broker knows all that the partition has completed. */
  isDone(partition: Partition): boolean {
    const known = this.committed.get(partition);
    return known?.offset === partition.position.offset && known.completions === partition.completions;
  }

  /**
   * Commits whatever has been completed by the time the request goes out; callers that wait share it.
   *
   * @returns whether the broker has taken it; never rejects, the positions stay due
   */
  flush(): Promise<boolean> {
    this.next ??= this.underWay.then(() => {
      this.next = undefined;
      return (this.underWay = this.commitDue());
    });
    return this.next;
  }

  /**
   * Commits until the broker knows what the partition has completed up to now.
   *
   * @returns false when the partition is lost before, or the signal fires
   */
  async untilCommitted(partition: Partition, signal: AbortSignal): Promise<boolean> {
    const { completions } = partition;
    for (let failures = 1; partition.isOwned && !signal.aborted; failures++) {
      await this.flush();
      if ((this.committed.get(partition)?.completions ?? -1) >= completions) return true;
      await wait(backoffDelay(failures, retries), signal);
    }
    return false;
  }

  private async commitDue(): Promise<boolean> {
    const due = [...this.partitions()].filter((partition) => partition.isOwned && !this.isDone(partition));
    if (due.length === 0) return true;
    const states = due.map(stateOf);
    const positions = due.map((partition) => this.withMetadata(partition));
    const startedAt = performance.now();
    const failed = await this.trySend(positions);
    due.forEach((partition, index) => {
      if (!failed.has(partitionName(partition))) this.committed.set(partition, states[index]!);
    });
    const taken = positions.filter((position) => !failed.has(partitionName(position)));
    if (taken.length > 0) this.listener?.committed(taken, performance.now() - startedAt);
    return failed.size === 0;
  }

  private withMetadata({ position, metadata }: Partition): CommittedPosition {
    return { ...position, metadata: metadata.length <= this.longestMetadata ? metadata : '' };
  }

  /** @returns the partitions that the broker did not take; one that it refuses holds up no other */
  private async trySend(positions: readonly CommittedPosition[]): Promise<ReadonlySet<string>> {
    const startedAt = performance.now();
    try {
      await this.send([...positions]);
      return new Set();
    } catch (error) {
      const { failed = positions, metadataTooLarge = [] } = error instanceof CommitFailedError ? error : {};
      const tooLong = among(positions, metadataTooLarge).filter(({ metadata }) => metadata !== '');
      const others = among(positions, failed).filter((position) => !tooLong.includes(position));
      if (others.length > 0) this.reportFailure(others, error as Error, performance.now() - startedAt);
      const names = others.map(partitionName);
      return new Set(tooLong.length === 0 ? names : [...names, ...(await this.sendWithoutMetadata(tooLong))]);
    }
  }

  private async sendWithoutMetadata(positions: readonly CommittedPosition[]): Promise<ReadonlySet<string>> {
    this.longestMetadata = Math.min(...positions.map(({ metadata }) => metadata.length)) - 1;
    this.logger.warn(
      `The broker takes no commit with ${this.longestMetadata + 1} characters of metadata (offset.metadata.max.bytes): such ` +
        'commits go without. Records that complete before earlier ones may be handled again after a restart',
    );
    return this.trySend(positions.map((position) => ({ ...position, metadata: '' })));
  }

  private reportFailure(positions: readonly PartitionPosition[], error: Error, durationMs: number): void {
    this.listener?.commitFailed(positions, error, durationMs);
    const names = positions.map((position) => `${partitionName(position)}@${position.offset}`);
    this.logger.warn(
      `Commit of ${names.join(', ')} failed, it is tried again: ${error.message}`,
      { event: 'commit-failed', group: this.group, ...placesField(positions), ...errorFields(error) },
      `commit ${error.message}`,
    );
  }
}

function stateOf({ position, completions }: Committable): State {
  return { offset: position.offset, completions };
}

function among<T extends TopicPartition>(positions: readonly T[], partitions: readonly TopicPartition[]): T[] {
  const names = new Set(partitions.map(partitionName));
  return positions.filter((position) => names.has(partitionName(position)));
}
