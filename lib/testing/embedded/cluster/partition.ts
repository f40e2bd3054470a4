import { PartitionLog } from '../log/partition-log.js';
import { type Node } from './node.js';

/** A partition: its log, and which of its replicas leads. Replicas share the one log. */
export class Partition {
  readonly log = new PartitionLog();
  leader?: Node;
  leaderEpoch = 0;

  constructor(
    readonly index: number,
    public replicas: Node[],
  ) {
    this.leader = this.inSync[0];
  }

  get inSync(): Node[] {
    return this.replicas.filter(({ up }) => up);
  }

  get offline(): Node[] {
    return this.replicas.filter(({ up }) => !up);
  }

  /** Finds a leader among the replicas that are up, if the present one is not. */
  elect(): void {
    if (this.leader?.up) return;
    this.lead(this.inSync[0]);
  }

  lead(leader: Node | undefined): void {
    if (leader && !this.replicas.includes(leader)) this.replicas = [leader, ...this.replicas.slice(0, -1)];
    this.leader = leader;
    this.leaderEpoch++;
    // Readers that wait here have to hear that they wait at the wrong broker.
    this.log.changed.notify();
  }
}
