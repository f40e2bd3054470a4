import { partitionName, type PartitionPosition, type TopicPartition } from '../client/consumer-client.js';
import { PartitionLane, type LaneDuties } from './partition-lane.js';

/** The lanes of the partitions that are assigned now. */
export class Lanes {
  private readonly open = new Map<string, PartitionLane>();

  /** Handlers of lost lanes that are still running, by partition: the next lane waits for them. */
  private readonly unsettled = new Map<string, Promise<void>>();

  constructor(private readonly duties: LaneDuties) {}

  get size(): number {
    return this.open.size;
  }

  get all(): PartitionLane[] {
    return [...this.open.values()];
  }

  of(partitions: readonly TopicPartition[]): PartitionLane[] {
    return partitions.flatMap((partition) => this.open.get(partitionName(partition)) ?? []);
  }

  add(position: PartitionPosition): PartitionLane {
    const name = partitionName(position);
    const lane = new PartitionLane(position, this.duties, this.unsettled.get(name));
    this.open.set(name, lane);
    return lane;
  }

  lose(partitions: readonly TopicPartition[]): void {
    for (const lane of this.of(partitions)) {
      const name = partitionName(lane);
      this.open.delete(name);
      const running = lane.lose();
      if (running) this.awaitSettling(name, running);
    }
  }

  private awaitSettling(name: string, running: Promise<void>): void {
    const settled = Promise.all([running, this.unsettled.get(name)]).then(() => {
      if (this.unsettled.get(name) === settled) this.unsettled.delete(name);
    });
    this.unsettled.set(name, settled);
  }
}
