import type { BrokerThrottle } from './connection/throttles.js';

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
export interface ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;

  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];

  /** Bytes of the whole record, uncompressed. */
  readonly size: number;

  /** Moves to memory of its own, out of the larger one it was cut from and holds: for a record that waits long. */
  detach(): void;
}

export type RecordHeader = readonly [name: string, value: Buffer | null];

/** The next offset to read of a partition. */
export interface PartitionPosition extends TopicPartition {
  offset: number;
}

/** A position with the metadata that the group keeps beside it. */
export interface CommittedPosition extends PartitionPosition {
  metadata: string;
}

/**
 * What a client tells the engine. The calls for one partition come in the order
 * assigned, records …, then revoked or lost: revoked *and* lost when the membership ends while the promise of the
 * revocation is under way. A partition whose position was not found yet may be revoked or lost without having been assigned.
 *
 * What a callback throws, or a revocation rejects with, ends {@link ConsumerClient.run} with that error.
 */
export interface ConsumerClientListener {
  /** The position of a partition is read once this has settled; if it rejects, it is called again before the next attempt. */
  prepare(partition: TopicPartition): Promise<void>;

  /**
   * These partitions are now ours and will be read from these positions; those assigned before stay. Without any after a
   * join that leaves this member with nothing to read.
   */
  assigned(positions: readonly CommittedPosition[]): void;

  /** Records of an assigned partition, in the order of their offsets. `next` is the offset behind the last. */
  records(partition: TopicPartition, records: readonly ConsumedRecord[], next: number): void;

  /**
   * These partitions go to another member once the promise settles. Running handlers have so many milliseconds; what
   * they complete can still be committed, until {@link lost} says otherwise.
   */
  revoked(partitions: readonly TopicPartition[], drainMs: number): Promise<void>;

  /** An owned partition goes on at another offset: its log does not reach to where it was read. */
  repositioned(position: PartitionPosition): void;

  /**
   * These partitions are gone already; nothing of them can be committed any more. Among them may be some that are being
   * revoked: their revocation is still awaited, but has nothing left to save.
   */
  lost(partitions: readonly TopicPartition[]): void;
}

/** A commit that the broker did not take, or not of all partitions. It can be tried again while they are owned. */
export class CommitFailedError extends Error {
  override readonly name = 'CommitFailedError';

  /** Those of the failed that the broker refuses for the length of their metadata, and would take with less of it. */
  readonly metadataTooLarge: readonly TopicPartition[];

  constructor(
    message: string,

    /** Those that are not committed, for whatever reason. All others are. */
    readonly failed: readonly TopicPartition[],
    options: ErrorOptions & { metadataTooLarge?: readonly TopicPartition[] } = {},
  ) {
    const { metadataTooLarge = [], ...errorOptions } = options;
    super(message, errorOptions);
    this.metadataTooLarge = metadataTooLarge;
  }
}

/** Another process has taken this member's place: to join again would only take it back, and so on for ever. */
export class MemberFencedError extends Error {
  override readonly name = 'MemberFencedError';
}

/**
 * What a client is at: it looks for brokers and its topics, waits for one of its topics to exist, joins the group, joins it
 * again as its members or topics change, or is a member.
 */
export type ClientStep = 'connecting' | 'no-topics' | 'joining' | 'rebalancing' | 'member';

/** How a client is. */
export interface ClientStatus {
  readonly step: ClientStep;

  /** What it subscribes to. */
  readonly topics: readonly (string | RegExp)[];

  /** Why the last attempt to join has failed; `undefined` after one that has not. */
  readonly problem: string | undefined;

  /** Milliseconds since the group last answered as to a member; `undefined` outside of it. */
  readonly heartbeatMs: number | undefined;

  /** Assigned by the group, but no position to read them from could be had yet, or they are to be read again. */
  readonly unplaced: readonly TopicPartition[];
  readonly throttled: readonly BrokerThrottle[];
}

/** One member of a consumer group. Not to be used again after it has ended. */
export interface ConsumerClient {
  /**
   * Consumes until {@link close}.
   *
   * @throws what the client cannot mend by itself, and what the listener throws; its partitions are lost by then
   * @throws MemberFencedError when this member must not come back
   */
  run(): Promise<void>;

  /** Milliseconds since a broker was last heard of, or the client was made. */
  readonly silentMs: number;

  status(): ClientStatus;

  /** Milliseconds since a broker last answered a fetch of a partition, or it was assigned; 0 for one that is not read now. */
  unansweredMs(partition: TopicPartition): number;

  /** Whether the group still counts on this member, as far as it can know: no record may be started otherwise. */
  readonly isLive: boolean;

  /** Stops handing out records of a partition until {@link resume}. */
  pause(partition: TopicPartition): void;
  resume(partition: TopicPartition): void;

  /** Goes on reading an owned partition from another offset; records handed out already are the caller's to drop. */
  seek(position: PartitionPosition): void;

  /**
   * Loses an owned partition, and takes it up again from what is committed, so many milliseconds later. Nothing happens if it
   * is not read now.
   */
  reread(partition: TopicPartition, delayMs: number): void;

  /** The offset behind the last record handed out; `undefined` for a partition that is not read now. */
  position(partition: TopicPartition): number | undefined;

  /**
   * Settles within a third of the session timeout.
   *
   * @throws CommitFailedError when some are not owned, or the broker did not take them (in time); the others are committed
   */
  commit(offsets: readonly (PartitionPosition & { metadata?: string })[]): Promise<void>;

  /**
   * The offsets of the first records at or after a time, in ms since 1970; the end of the log where there are none. Of
   * partitions that are owned or not; those whose leader cannot tell now are left out.
   *
   * @throws when no broker answers
   */
  offsetsAt(topic: string, partitions: readonly number[], timestampMs: number): Promise<PartitionPosition[]>;

  /**
   * Where what may be read of partitions ends, owned or not: their last stable offsets. Those whose leader cannot tell now
   * are left out.
   *
   * @throws when no broker answers
   */
  endsOf(partitions: readonly TopicPartition[]): Promise<PartitionPosition[]>;

  /** Stops fetching for good; the membership and {@link commit} go on until {@link close}. */
  stopFetching(): void;

  /** Leaves the group and disconnects, within so many milliseconds. */
  close(deadlineMs: number): Promise<void>;
}

export type ConsumerClientFactory = (listener: ConsumerClientListener) => ConsumerClient;
