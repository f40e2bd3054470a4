import { partitionName, type PartitionPosition, type TopicPartition } from './client/consumer-client.js';

/**
 * How far a group is behind the end of a partition that is assigned to this process.
 *
 * @publicApi
 */
export interface PartitionLag extends TopicPartition {
  /** The group it is read for. */
  group: string;

  /** What the group would go on with, were this process to end now; a decimal string, see `Message.offset`. */
  position: string;

  /**
   * The end of what may be read, a decimal string: the last stable offset, which stays below the log's end while a
   * transaction is open (KIP-98).
   */
  end: string;

  /**
   * Offsets from the position to the end; 0 when everything is completed. Markers of transactions and records that were
   * compacted away count while something before them is open.
   */
  lag: number;
}

/** How far positions are behind the ends of those partitions whose end is known; the others are left out. */
export function lagsOf(
  group: string,
  positions: readonly PartitionPosition[],
  ends: readonly PartitionPosition[],
): PartitionLag[] {
  const known = new Map(ends.map((end) => [partitionName(end), end.offset]));
  return positions.flatMap(({ topic, partition, offset }) => {
    const end = known.get(partitionName({ topic, partition }));
    if (end === undefined) return [];
    return { group, topic, partition, position: String(offset), end: String(end), lag: Math.max(0, end - offset) };
  });
}
