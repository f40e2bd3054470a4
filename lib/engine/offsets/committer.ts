import type { PartitionPosition } from '../client/consumer-client.js';
import { partitionName } from '../client/consumer-client.js';
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
    const due = [...this.lanes()].filter((lane) => lane.isOwned && this.committed.get(lane) !== lane.position.offset);
    if (due.length === 0) return true;
    const positions = due.map((lane) => lane.position);
    try {
      await this.send(positions);
      due.forEach((lane, index) => this.committed.set(lane, positions[index]!.offset));
      return true;
    } catch (error) {
      const names = positions.map((position) => `${partitionName(position)}@${position.offset}`).join(', ');
      this.logger.warn(`Commit of ${names} failed, it is tried again: ${(error as Error).message}`);
      return false;
    }
  }
}
