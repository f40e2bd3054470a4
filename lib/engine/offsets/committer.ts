import type { PartitionPosition } from '../client/consumer-client.js';
import { CommitFailedError, partitionName } from '../client/consumer-client.js';
import type { EngineLogger } from '../logger.js';

/** Where a lane stands and whether it may say so. */
export interface Committable {
  readonly position: PartitionPosition;
  readonly isOwned: boolean;
}

/**
 * Commits the positions of lanes, one request at a time. Each lane's position only rises, and a lane that has lost its
 * partition is left out, so a commit never goes backwards and never touches another member's partition.
 */
export class Committer<Lane extends Committable> {
  private readonly committed = new WeakMap<Lane, number>();
  private underWay: Promise<boolean> = Promise.resolve(true);
  private next: Promise<boolean> | undefined;

  constructor(
    private readonly lanes: () => Iterable<Lane>,
    private readonly send: (positions: PartitionPosition[]) => Promise<void>,
    private readonly logger: EngineLogger,
  ) {}

  /** The position a lane starts from is committed already. */
  startedAt(lane: Lane): void {
    this.committed.set(lane, lane.position.offset);
  }

  /** Whether the broker knows all that the lane has completed. */
  isDone(lane: Lane): boolean {
    return this.committed.get(lane) === lane.position.offset;
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

  private async commitDue(): Promise<boolean> {
    const due = [...this.lanes()].filter((lane) => lane.isOwned && !this.isDone(lane));
    if (due.length === 0) return true;
    const positions = due.map((lane) => lane.position);
    const failed = await this.trySend(positions);
    due.forEach((lane, index) => {
      const position = positions[index]!;
      if (!failed.has(partitionName(position))) this.committed.set(lane, position.offset);
    });
    return failed.size === 0;
  }

  /** @returns the partitions that the broker did not take; one that it refuses holds up no other */
  private async trySend(positions: PartitionPosition[]): Promise<ReadonlySet<string>> {
    try {
      await this.send(positions);
      return new Set();
    } catch (error) {
      const failed = new Set((error instanceof CommitFailedError ? error.failed : positions).map(partitionName));
      const names = positions
        .filter((position) => failed.has(partitionName(position)))
        .map((position) => `${partitionName(position)}@${position.offset}`);
      this.logger.warn(`Commit of ${names.join(', ')} failed, it is tried again: ${(error as Error).message}`);
      return failed;
    }
  }
}
