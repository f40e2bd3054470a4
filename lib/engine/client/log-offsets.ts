import { byTopic } from './by-topic.js';
import type { Cluster } from './cluster.js';
import { partitionName, type PartitionPosition, type TopicPartition } from './consumer-client.js';
import { throwOnError } from './protocol-errors.js';

/** Kafka's names for the ends of a log in a ListOffsets request. `end` is the last stable offset: reads are committed. */
const timestamps = { beginning: -2, end: -1 };

export type LogEnd = keyof typeof timestamps;

interface ListOffsetsResponse {
  responses: { topic: string; partitions: { partition: number; errorCode: number; offset: string }[] }[];
}

/**
 * The first or the next offsets of partitions' logs, asked of their leaders.
 *
 * @throws when a partition has no leader or its leader does not answer
 */
export async function listOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  end: LogEnd,
): Promise<PartitionPosition[]> {
  const byLeader = await groupByLeader(cluster, partitions);
  const answers = await Promise.all([...byLeader].map(([leader, led]) => askLeader(cluster, leader, led, end)));
  return answers.flat();
}

async function groupByLeader(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
): Promise<Map<number, TopicPartition[]>> {
  const topics = await cluster.metadata([...new Set(partitions.map(({ topic }) => topic))]);
  const leaders = new Map<number, TopicPartition[]>();
  for (const partition of partitions) {
    const metadata = topics.find(({ topic }) => topic === partition.topic);
    const leader = metadata?.partitionMetadata.find(({ partitionId }) => partitionId === partition.partition)?.leader;
    if (leader === undefined || leader < 0) throw new Error(`${partitionName(partition)} has no leader now`);
    leaders.set(leader, [...(leaders.get(leader) ?? []), partition]);
  }
  return leaders;
}

async function askLeader(
  cluster: Cluster,
  leader: number,
  partitions: readonly TopicPartition[],
  end: LogEnd,
): Promise<PartitionPosition[]> {
  const timestamp = timestamps[end];
  const topics = byTopic(partitions, ({ partition }) => ({ partition, timestamp }));
  const { responses } = await cluster.request<ListOffsetsResponse>(leader, 'ListOffsets', { topics });
  return responses.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, errorCode, offset }) => {
      throwOnError(errorCode, `asking for the ${end} of ${partitionName({ topic, partition })}`);
      return { topic, partition, offset: Number(offset) };
    }),
  );
}
