/**
 * A partition of a topic.
 *
 * @publicApi
 */
export interface TopicPartition {
  topic: string;
  partition: number;
}

/** `topic-3`, the way Kafka's own tools write it; also the key of maps by partition. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

/** A record as the broker holds it. Offsets are numbers: they stay exact up to 2^53. */
export interface ConsumedRecord extends TopicPartition {
  offset: number;

  /** Milliseconds since 1970. */
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: readonly RecordHeader[];
}

export type RecordHeader = readonly [name: string, value: Buffer | null];

/** The next offset to read of a partition. */
export interface PartitionPosition extends TopicPartition {
  offset: number;
}

/**
 * What a client tells the engine. The calls for one partition come in the order
 * assigned, records …, then either revoked or lost.
 */
export interface ConsumerClientListener {
  /** These partitions are now ours and will be read from these positions. */
  assigned(positions: readonly PartitionPosition[]): void;

  /** Records of an assigned partition, in the order of their offsets. `next` is the offset behind the last. */
  records(partition: TopicPartition, records: readonly ConsumedRecord[], next: number): void;

  /**
   * These partitions go to another member once the promise settles. Running handlers have so many milliseconds; what
   * they complete can still be committed.
   */
  revoked(partitions: readonly TopicPartition[], drainMs: number): Promise<void>;

  /** An owned partition goes on at another offset: its log does not reach to where it was read. */
  repositioned(position: PartitionPosition): void;

  /** These partitions are gone already; nothing of them can be committed any more. */
  lost(partitions: readonly TopicPartition[]): void;
}

/** One member of a consumer group. Not to be used again after it has ended. */
export interface ConsumerClient {
  /**
   * Consumes until {@link close}.
   *
   * @throws what the client cannot mend by itself; its partitions are lost by then
   */
  run(): Promise<void>;

  /** Whether the group still counts on this member, as far as it can know: no record may be started otherwise. */
  readonly isLive: boolean;

  /** Stops handing out records of a partition until {@link resume}. */
  pause(partition: TopicPartition): void;
  resume(partition: TopicPartition): void;

  /** @throws CommitFailedError when the broker did not take them */
  commit(offsets: readonly PartitionPosition[]): Promise<void>;

  /** Stops fetching for good; the membership and {@link commit} go on until {@link close}. */
  stopFetching(): void;

  /** Leaves the group and disconnects, within so many milliseconds. */
  close(deadlineMs: number): Promise<void>;
}

export type ConsumerClientFactory = (listener: ConsumerClientListener) => ConsumerClient;
