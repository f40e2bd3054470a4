import { decodeCommitMetadata, encodeCommitMetadata } from '../../offsets/commit-metadata.js';
import type { CommittedPosition, PartitionPosition, TopicPartition } from '../consumer-client.js';

/** What a group has committed for a partition. `offset` is -1 where there is nothing. */
export interface CommittedOffset {
  partition: number;
  offset: number;
  metadata: string | null;
}

/** Committed offsets by topic, of all partitions of each. */
export type CommittedOffsets = ReadonlyMap<string, readonly CommittedOffset[]>;

/** Where partitions start: at what is committed, or at an end of their log. */
export interface StartPositions {
  known: CommittedPosition[];
  first: { beginning: TopicPartition[]; end: TopicPartition[] };
}

export function startPositions(
  owned: readonly TopicPartition[],
  committed: CommittedOffsets,
  startFromBeginning: (topic: string) => boolean,
): StartPositions {
  const positions: StartPositions = { known: [], first: { beginning: [], end: [] } };
  for (const { topic, partition } of owned) {
    const ofTopic = committed.get(topic) ?? [];
    const { offset = -1, metadata = null } = ofTopic.find((read) => read.partition === partition) ?? {};
    if (offset >= 0) positions.known.push({ topic, partition, offset, metadata: metadata ?? '' });
    else if (startsAtBeginning(partition, ofTopic, startFromBeginning(topic)))
      positions.first.beginning.push({ topic, partition });
    else positions.first.end.push({ topic, partition });
  }
  return positions;
}

/**
 * Where a partition without a committed offset starts: as configured when the group is new to the topic, at the
 * beginning when the partition was added to a topic the group already reads (or its records would be lost).
 */
export function startsAtBeginning(
  partition: number,
  ofTopic: readonly CommittedOffset[],
  startFromBeginning: boolean,
): boolean {
  const committed = ofTopic.filter(({ offset }) => offset >= 0);
  const isNewToTopic = committed.every((commit) => partition < partitionsAtFirstStart(commit));
  return isNewToTopic ? startFromBeginning : true;
}

/**
 * A first position with metadata that says so. The members of a new group read and commit at about the same time; by
 * this they tell a sibling's first commit from that of a group that has been at work, and a partition that was there
 * from one that was added.
 */
export function markFirstStart(start: PartitionPosition, committed: CommittedOffsets): CommittedPosition {
  const partitions = committed.get(start.topic)?.length ?? 0;
  return {
    ...start,
    metadata: encodeCommitMetadata(start.offset, { firstStartPartitions: partitions, completed: [] }),
  };
}

function partitionsAtFirstStart({ offset, metadata }: CommittedOffset): number {
  return decodeCommitMetadata(offset, metadata ?? '')?.firstStartPartitions ?? 0;
}
