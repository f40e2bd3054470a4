import type { ConsumerClient, TopicPartition } from './client/consumer-client.js';
import type { BrokerThrottle } from './client/connection/throttles.js';
import type { ClientFailures } from './condition/client-history.js';
import type { ConsumerState, StateAndReason } from './condition/consumer-state.js';
import type { AssignedPartition, PauseReason } from './dispatch/assigned-partition.js';
import type { CommitRecord, CommitTrouble } from './offsets/commit-record.js';

/**
 * A partition that is assigned to this process. A plain object, as JSON can hold it.
 *
 * @publicApi
 */
export interface PartitionStatus extends TopicPartition {
  /** The group it is read for. */
  group: string;

  /** What the group would go on with, were this process to end now; a decimal string, see `Message.offset`. */
  position: string;

  /** Records taken from the broker and not completed. */
  open: number;

  /** Handlers running. */
  running: number;

  /** Milliseconds since the oldest of the open records was taken; 0 without any. */
  oldestOpenMs: number;

  /**
   * Milliseconds for which it should have gone on and has not: the record at its position is not completed, or there are
   * records that are not fetched. 0 while it has nothing to do, nothing is due yet, or it is paused by `pause()`. To a second
   * or so.
   */
  stalledMs: number;

  /** How often the record at its position has failed, or could not be moved elsewhere, and was put back into its lane. */
  retries: number;

  /** `null` while the broker takes its commits. */
  commitTrouble: CommitTrouble | null;

  /** Whether it is paused by `pause()`. */
  paused: boolean;

  /** Why nothing is fetched of it: the handlers are behind, `pause()`, or what a retry topic holds is not due yet. */
  pausedFor: PauseReason[];

  /** How much of what a commit's metadata can hold is in use, from 0 to 1; near 1, fewer records are taken. */
  metadataFill: number;
}

/**
 * A partition of which nothing is fetched for a while.
 *
 * @publicApi
 */
export interface PausedPartition extends TopicPartition {
  reasons: PauseReason[];
}

/**
 * A partition that is assigned to this process and is not read: no position of it could be had yet, or it is to be read again,
 * for a transaction has failed.
 *
 * @publicApi
 */
export interface UnplacedPartition extends TopicPartition {
  /** `null` where the last commit was taken, or there was none. */
  commitTrouble: CommitTrouble | null;
}

/**
 * What a consumer has done since it was made, and what it owns now. A plain object, as JSON can hold it.
 *
 * @publicApi
 */
export interface GroupConsumerStatus {
  group: string;

  /** Whether it was started, and neither stopped nor ended by `onExhausted: 'stop'` or another process in its place. */
  running: boolean;
  state: ConsumerState;

  /** Why it reads nothing, or not all that it is assigned, in words; `null` while it reads. */
  reason: string | null;

  /** Whether it is a member of its group. */
  joined: boolean;

  /** Since when, RFC 3339; `null` outside of it. */
  joinedSince: string | null;

  /** Milliseconds since it was started or was last a member; 0 for a member, and for one that is not meant to be. */
  outsideMs: number;
  assignments: TopicPartition[];

  /** Those that are assigned to it beside these, and not read yet. */
  unplaced: UnplacedPartition[];

  /** Those of them of which nothing is fetched for a while. */
  paused: PausedPartition[];

  /** How often partitions came to it, were given up or lost. */
  rebalances: number;

  /** How often its connections were made anew, for whatever had ended them. */
  restarts: number;

  /** That they end again and again; `null` once they have lasted for a minute. */
  failures: ClientFailures | null;

  /** Milliseconds since any broker was last heard of; `null` without connections. */
  silentMs: number | null;

  /** Milliseconds since the group last answered as to a member; `null` outside of it. */
  heartbeatMs: number | null;

  /** The brokers' quotas that hold this consumer back now. */
  throttled: BrokerThrottle[];

  /** Handlers running. */
  inFlight: number;

  /** Records taken from the broker and not completed. */
  open: number;

  /** Milliseconds since the oldest of them was taken; 0 without any. It grows while a handler is stuck or its record fails. */
  oldestOpenMs: number;

  /** The longest of its partitions' {@link PartitionStatus.stalledMs}. */
  stalledMs: number;

  /**
   * How much of what a commit can say about records completed out of order is in use, in the fullest partition: 0 for
   * nothing, from 0.75 on the partition is paused.
   */
  metadataFill: number;

  /** Commits that the broker has taken, and those that it has not (all). They are tried again. */
  commits: number;
  commitFailures: number;

  /** Messages that handlers have handled; one with two handlers counts twice. */
  handled: number;
  failedAttempts: number;

  /** Messages completed without having been handled. */
  skipped: number;

  /** Messages moved to a retry topic. */
  retriedLater: number;

  /** Messages moved to a dead-letter topic. */
  deadLettered: number;
}

/** What cannot be seen in a partition itself. */
export type PartitionCondition = Pick<PartitionStatus, 'group' | 'stalledMs' | 'commitTrouble'>;

export function partitionStatus(partition: AssignedPartition, condition: PartitionCondition): PartitionStatus {
  const { topic, position, load, running, oldestOpenSince, pausedFor, retries } = partition;
  return {
    topic,
    partition: partition.partition,
    ...condition,
    position: String(position.offset),
    open: load.records,
    running,
    oldestOpenMs: oldestOpenSince === undefined ? 0 : Date.now() - oldestOpenSince,
    retries,
    paused: pausedFor.includes('application'),
    pausedFor,
    metadataFill: partition.metadataFill,
  };
}

/** What is the sum, or the worst, of partitions. */
export function ofPartitions(
  partitions: readonly PartitionStatus[],
): Pick<GroupConsumerStatus, 'assignments' | 'paused' | 'open' | 'oldestOpenMs' | 'stalledMs'> {
  return {
    assignments: partitions.map(({ topic, partition }) => ({ topic, partition })),
    paused: partitions
      .filter(({ pausedFor }) => pausedFor.length > 0)
      .map(({ topic, partition, pausedFor }) => ({ topic, partition, reasons: pausedFor })),
    open: partitions.reduce((sum, { open }) => sum + open, 0),
    oldestOpenMs: Math.max(0, ...partitions.map(({ oldestOpenMs }) => oldestOpenMs)),
    stalledMs: Math.max(0, ...partitions.map(({ stalledMs }) => stalledMs)),
  };
}

/** What is known of the connections of a consumer that has some. */
export function ofClient(
  client: ConsumerClient | undefined,
  record: Pick<CommitRecord, 'trouble'>,
): Pick<GroupConsumerStatus, 'unplaced' | 'silentMs' | 'heartbeatMs' | 'throttled'> {
  const { heartbeatMs, unplaced, throttled } = client?.status() ?? { unplaced: [], throttled: [] };
  return {
    unplaced: unplaced.map((place) => ({
      topic: place.topic,
      partition: place.partition,
      commitTrouble: record.trouble(place),
    })),
    silentMs: client ? Math.round(client.silentMs) : null,
    heartbeatMs: heartbeatMs === undefined ? null : heartbeatMs,
    throttled: [...throttled],
  };
}

/** Whether a consumer in this state is a member of its group that knows what it is assigned. */
export function isMember({ state }: StateAndReason): boolean {
  return state === 'consuming' || state === 'unassigned';
}
