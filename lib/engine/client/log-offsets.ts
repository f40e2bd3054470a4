import type { Cluster } from './cluster.js';
import type { TopicPartition } from './consumer-client.js';
import { throwOnError } from './protocol-errors.js';

/** Kafka's names for the ends of a log in a ListOffsets request. `end` is the last stable offset: reads are committed. */
const timestamps = { beginning: -2, end: -1 };

export type LogEnd = keyof typeof timestamps;

interface ListOffsetsResponse {
  responses: { topic: string; partitions: { partition: number; errorCode: number; offset: string }[] }[];
}

/**
 * The first or the next offset of a partition's log.
 *
 * @throws when the partition's leader is not known or does not answer
 */
export async function listOffset(cluster: Cluster, { topic, partition }: TopicPartition, end: LogEnd): Promise<number> {
  const [metadata] = await cluster.metadata([topic]);
  const leader = metadata?.partitionMetadata.find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
  if (leader < 0) throw new Error(`Partition ${topic}-${partition} has no leader now`);
  const topics = [{ topic, partitions: [{ partition, timestamp: timestamps[end] }] }];
  const { responses } = await cluster.request<ListOffsetsResponse>(leader, 'ListOffsets', { topics });
  const { errorCode, offset } = responses[0]!.partitions[0]!;
  throwOnError(errorCode, `asking for the ${end} of ${topic}-${partition}`);
  return Number(offset);
}
