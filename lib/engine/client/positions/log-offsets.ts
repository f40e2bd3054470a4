import { byTopic } from '../connection/by-topic.js';
import type { Cluster } from '../connection/cluster.js';
import type { PartitionPosition, TopicPartition } from '../consumer-client.js';
import { ErrorCode } from '../connection/protocol-errors.js';

/** Kafka's names for the ends of a log in a ListOffsets request. `end` is the last stable offset: reads are committed. */
const timestamps = { beginning: -2, end: -1 };

export type LogEnd = keyof typeof timestamps;

/** What `offset` says when no record is as late as the timestamp. */
const none = -1;

interface ListOffsetsResponse {
  responses: { topic: string; partitions: { partition: number; errorCode: number; offset: string }[] }[];
}

/** The first or the next offsets of partitions' logs, asked of their leaders. Those that no leader tells are left out. */
export function listOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  end: LogEnd,
): Promise<PartitionPosition[]> {
  return askLeaders(cluster, partitions, timestamps[end]);
}

/**
 * The offsets of the first records at or after a time, in ms since 1970, or the end of the log where there are none. Those
 * that no leader tells are left out.
 */
export async function listOffsetsAt(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  timestampMs: number,
): Promise<PartitionPosition[]> {
  const timestamp = Math.max(0, Math.ceil(timestampMs)); // negative ones have meanings of their own
  const found = await askLeaders(cluster, partitions, timestamp);
  const ends = await listOffsets(
    cluster,
    found.filter(({ offset }) => offset === none),
    'end',
  );
  return [...found.filter(({ offset }) => offset !== none), ...ends];
}

async function askLeaders(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  timestamp: number,
): Promise<PartitionPosition[]> {
  const byLeader = await groupByLeader(cluster, partitions);
  const asked = [...byLeader].map(([leader, led]) => askLeader(cluster, leader, led, timestamp).catch(() => []));
  return (await Promise.all(asked)).flat();
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
    if (leader === undefined || leader < 0) continue;
    const led = leaders.get(leader);
    if (led) led.push(partition);
    else leaders.set(leader, [partition]);
  }
  return leaders;
}

async function askLeader(
  cluster: Cluster,
  leader: number,
  partitions: readonly TopicPartition[],
  timestamp: number,
): Promise<PartitionPosition[]> {
  const topics = byTopic(partitions, ({ partition }) => ({ partition, timestamp }));
  const { responses } = await cluster.request<ListOffsetsResponse>(leader, 'ListOffsets', { topics }, {}, 'log');
  return responses.flatMap(({ topic, partitions }) =>
    partitions
      .filter(({ errorCode }) => errorCode === ErrorCode.None)
      .map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
  );
}
