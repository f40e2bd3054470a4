import {
  partitionName,
  type ClientStatus,
  type CommittedPosition,
  type ConsumedRecord,
  type ConsumerClient,
  type ConsumerClientListener,
  type PartitionPosition,
  type TopicPartition,
} from '../../lib/engine/client/consumer-client.js';
import { deferred } from './deferred.js';
import { recordAt } from './records.js';

/** A group member without a broker: specs call what a broker would bring about, and read what the engine asked for. */
export class FakeConsumerClient implements ConsumerClient {
  /** The engine's calls by name, in order. */
  readonly calls: string[] = [];

  /** What was sent to be committed, taken or not; `orders-0@5` for each position. */
  readonly commits: string[][] = [];

  /** The last of them for each partition. */
  readonly committed = new Map<string, CommittedPosition>();

  readonly paused = new Set<string>();

  isLive = true;
  silentMs = 0;
  condition: ClientStatus = {
    step: 'member',
    topics: ['orders'],
    problem: undefined,
    heartbeatMs: 10,
    unplaced: [],
    throttled: [],
  };

  /** Of all partitions. */
  unanswered = 0;

  /** What the broker makes of a commit. */
  onCommit: () => Promise<void> = () => Promise.resolve();

  /** Where a partition's records of so many ms since 1970, or later, begin. */
  offsetAt: (partition: TopicPartition, timestampMs: number) => number = () => 0;

  /** The ends of partitions, as far as leaders tell. */
  onEnds: (partitions: readonly TopicPartition[]) => Promise<PartitionPosition[]> = () => Promise.resolve([]);

  /** What leaving the group takes. */
  onClose: () => Promise<void> = () => Promise.resolve();

  private readonly ended = deferred();

  constructor(private readonly listener: ConsumerClientListener) {}

  run(): Promise<void> {
    this.calls.push('run');
    return this.ended.promise;
  }

  status(): ClientStatus {
    return this.condition;
  }

  unansweredMs(): number {
    return this.unanswered;
  }

  pause(partition: TopicPartition): void {
    this.paused.add(partitionName(partition));
  }

  resume(partition: TopicPartition): void {
    this.paused.delete(partitionName(partition));
  }

  seek(position: PartitionPosition): void {
    this.calls.push(`seek ${partitionName(position)}@${position.offset}`);
  }

  reread(partition: TopicPartition): void {
    this.calls.push(`reread ${partitionName(partition)}`);
  }

  position(): undefined {
    return undefined;
  }

  commit(offsets: readonly CommittedPosition[]): Promise<void> {
    this.calls.push('commit');
    for (const position of offsets) this.committed.set(partitionName(position), position);
    this.commits.push(offsets.map((position) => `${partitionName(position)}@${position.offset}`));
    return this.onCommit();
  }

  offsetsAt(topic: string, partitions: readonly number[], timestampMs: number): Promise<PartitionPosition[]> {
    const places = partitions.map((partition) => ({ topic, partition }));
    return Promise.resolve(places.map((place) => ({ ...place, offset: this.offsetAt(place, timestampMs) })));
  }

  endsOf(partitions: readonly TopicPartition[]): Promise<PartitionPosition[]> {
    this.calls.push('endsOf');
    return this.onEnds(partitions);
  }

  stopFetching(): void {
    this.calls.push('stopFetching');
  }

  async close(): Promise<void> {
    this.calls.push('close');
    await this.onClose();
    this.ended.resolve();
  }

  /** Partitions of topic `orders`, each from offset 0. */
  assign(...partitions: number[]): void {
    this.assignPositions(partitions.map((partition) => ({ topic: 'orders', partition, offset: 0 })));
  }

  assignPositions(positions: readonly (PartitionPosition & Partial<CommittedPosition>)[]): void {
    this.listener.assigned(positions.map((position) => ({ metadata: '', ...position })));
  }

  /** Empty records of topic `orders`. */
  deliver(partition: number, ...offsets: number[]): void {
    this.deliverRecords(offsets.map((offset) => recordAt(offset, { topic: 'orders', partition })));
  }

  deliverRecords(records: readonly ConsumedRecord[]): void {
    const last = records.at(-1)!;
    this.listener.records({ topic: last.topic, partition: last.partition }, records, last.offset + 1);
  }

  revoke(partitions: number[], deadlineMs = 1000): Promise<void> {
    return this.listener.revoked(places(partitions), deadlineMs);
  }

  lose(...partitions: number[]): void {
    this.listener.lost(places(partitions));
  }

  /** Ends as a client does that cannot mend itself. */
  fail(error: Error): void {
    this.ended.reject(error);
  }

  /** Ends without an error, although nobody has closed it. */
  end(): void {
    this.ended.resolve();
  }
}

function places(partitions: readonly number[]): TopicPartition[] {
  return partitions.map((partition) => ({ topic: 'orders', partition }));
}
