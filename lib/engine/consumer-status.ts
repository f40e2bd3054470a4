import type { TopicPartition } from './client/consumer-client.js';
import type { AssignedPartition } from './dispatch/assigned-partition.js';

/**
 * A partition that is assigned to this process.
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

  /** Whether it is paused by `pause()`. */
  paused: boolean;
}

/**
 * What a consumer has done since it was made, and what it owns now.
 *
 * @publicApi
 */
export interface GroupConsumerStatus {
  group: string;

  /** Whether it was started, and neither stopped nor ended by `onExhausted: 'stop'` or another process in its place. */
  running: boolean;

  /** Whether it is a member of its group. */
  joined: boolean;
  assignments: readonly TopicPartition[];

  /** How often its connections were made anew, for whatever had ended them. */
  restarts: number;

  /** Handlers running. */
  inFlight: number;

  /** Records taken from the broker and not completed. */
  open: number;

  /** Milliseconds since the oldest of them was taken; 0 without any. It grows while a handler is stuck or its record fails. */
  oldestOpenMs: number;

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

export function partitionStatus(group: string, partition: AssignedPartition): PartitionStatus {
  const { topic, position, load, running, oldestOpenSince } = partition;
  return {
    group,
    topic,
    partition: partition.partition,
    position: String(position.offset),
    open: load.records,
    running,
    oldestOpenMs: oldestOpenSince === undefined ? 0 : Date.now() - oldestOpenSince,
    paused: partition.isPausedFor('application'),
  };
}
