import { partitionName, type CommittedPosition, type TopicPartition } from '../client/consumer-client.js';
import type { EngineLogger } from '../logger.js';
import { decodeCommitMetadata, type CommitMetadata } from '../offsets/commit-metadata.js';
import { AssignedPartition, type PartitionListener } from './assigned-partition.js';
import type { TopicPlan } from './topic-plan.js';

/** The partitions that are assigned now. */
export class AssignedPartitions {
  private readonly assigned = new Map<string, AssignedPartition>();

  /** Handlers of lost partitions that are still running: who comes next waits for them. */
  private readonly unsettled = new Map<string, Promise<void>>();

  constructor(
    private readonly planOf: (topic: string) => TopicPlan,
    private readonly listener: PartitionListener,
    private readonly logger: EngineLogger,
  ) {}

  get size(): number {
    return this.assigned.size;
  }

  get all(): AssignedPartition[] {
    return [...this.assigned.values()];
  }

  get(partition: TopicPartition): AssignedPartition | undefined {
    return this.assigned.get(partitionName(partition));
  }

  of(partitions: readonly TopicPartition[]): AssignedPartition[] {
    return partitions.flatMap((partition) => this.get(partition) ?? []);
  }

  add(position: CommittedPosition): AssignedPartition {
    const name = partitionName(position);
    const plan = this.planOf(position.topic);
    const known = this.decodeMetadata(position);
    const partition = new AssignedPartition(position, known, plan, this.listener, this.unsettled.get(name));
    this.assigned.set(name, partition);
    return partition;
  }

  lose(partitions: readonly TopicPartition[]): void {
    for (const partition of this.of(partitions)) {
      this.assigned.delete(partition.name);
      const running = partition.lose();
      if (running) this.awaitSettling(partition.name, running);
    }
  }

  private decodeMetadata({ offset, metadata, ...partition }: CommittedPosition): CommitMetadata {
    const known = decodeCommitMetadata(offset, metadata);
    if (known) return known;
    this.logger.warn(
      `The metadata committed for ${partitionName(partition)}@${offset} is not of this package, it is ignored: ` +
        JSON.stringify(metadata.slice(0, 100)),
    );
    return { completed: [] };
  }

  private awaitSettling(name: string, running: Promise<void>): void {
    const settled = Promise.all([running, this.unsettled.get(name)]).then(() => {
      if (this.unsettled.get(name) === settled) this.unsettled.delete(name);
    });
    this.unsettled.set(name, settled);
  }
}
