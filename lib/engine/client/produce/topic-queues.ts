import { randomInt } from 'node:crypto';
import type { TopicMetadata } from '../connection/cluster.js';
import { partitionOfKey } from './key-partitioner.js';
import { PartitionQueue } from './partition-queue.js';
import type { PendingRecord } from './pending-record.js';

/** A topic that is published to: its partitions, and the records that wait for these to be known. */
export class TopicQueues {
  /** Those that have no partition yet, in order. */
  waiting: PendingRecord[] = [];

  /** When its partitions were told last, by the clock of `performance`; 0 for not yet. */
  knownAt = 0;

  /** Since when brokers say that it does not exist. */
  missingSince: number | undefined;

  /** By partition. */
  private readonly queues = new Map<number, PartitionQueue>();
  private partitions = 0;
  private led: readonly number[] = [];

  /** Records without a key go round; processes that start together do not begin with the same partition. */
  private turn = randomInt(0x1_0000);

  constructor(readonly name: string) {}

  /** The queue for a record, which it keeps for good: another one, chosen for a repeat, could have it stored twice. */
  queueFor({ record }: PendingRecord): PartitionQueue | undefined {
    const { partition, preferredPartition = -1, key } = record;
    if (this.partitions === 0) return undefined;
    if (partition !== undefined) return this.queue(partition);
    if (preferredPartition >= 0 && preferredPartition < this.partitions) return this.queue(preferredPartition);
    if (key) return this.queue(partitionOfKey(key, this.partitions));
    const turn = this.turn++;
    return this.queue(this.led.length > 0 ? this.led[turn % this.led.length]! : turn % this.partitions);
  }

  /** Gives up the records that wait. */
  refuse(error: Error): void {
    for (const record of this.waiting.splice(0)) record.fail(error);
  }

  /** Gives up what is too late. */
  expire(now: number, error: Error): void {
    while (this.waiting[0] && this.waiting[0].deadline <= now) this.waiting.shift()!.fail(error);
  }

  /** It does not exist: it is to be looked up anew for the next record. */
  forget(): void {
    this.knownAt = 0;
    this.missingSince = undefined;
    this.partitions = 0;
  }

  /** Takes in what brokers tell of it. */
  update({ partitionMetadata }: TopicMetadata, now: number): void {
    this.knownAt = now;
    this.missingSince = undefined;
    this.partitions = partitionMetadata.length;
    this.led = partitionMetadata.filter(({ leader }) => leader >= 0).map(({ partitionId }) => partitionId);
    const leaders = new Map(partitionMetadata.map(({ partitionId, leader }) => [partitionId, leader]));
    for (const [partition, queue] of this.queues) queue.leader = known(leaders.get(partition));
    for (const [partition, leader] of leaders) {
      if (!this.queues.has(partition)) this.queues.set(partition, this.newQueue(partition, leader));
    }
  }

  private queue(partition: number): PartitionQueue | undefined {
    return partition < this.partitions ? this.queues.get(partition) : undefined;
  }

  private newQueue(partition: number, leader: number): PartitionQueue {
    const queue = new PartitionQueue(this.name, partition);
    queue.leader = known(leader);
    return queue;
  }
}

/** Kafka's -1 stands for none. */
function known(leader = -1): number | undefined {
  return leader < 0 ? undefined : leader;
}
