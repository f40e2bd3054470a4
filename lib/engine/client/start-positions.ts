/** What a group has committed for a partition. `offset` is -1 where there is nothing. */
export interface CommittedOffset {
  partition: number;
  offset: number;
  metadata: string | null;
}

const firstStart = /^first start on (\d+) partitions$/;

/**
 * Metadata for the first commit of a partition. Members of a new group read and commit at about the same time; by this
 * they tell a sibling's first commit from that of a group that has been at work, and a partition that was there from
 * one that was added.
 */
export function firstStartMetadata(partitions: number): string {
  return `first start on ${partitions} partitions`;
}

/**
 * Where a partition without a committed offset starts: as configured when the group is new to the topic, at the
 * beginning when the partition was added to a topic the group already reads (or its records would be lost).
 */
export function startsAtBeginning(
  partition: number,
  topicOffsets: readonly CommittedOffset[],
  startFromBeginning: boolean,
): boolean {
  const committed = topicOffsets.filter(({ offset }) => offset >= 0);
  const isNewToTopic = committed.every(({ metadata }) => partition < partitionsAtFirstStart(metadata));
  return isNewToTopic ? startFromBeginning : true;
}

function partitionsAtFirstStart(metadata: string | null): number {
  return Number(firstStart.exec(metadata ?? '')?.[1] ?? 0);
}
