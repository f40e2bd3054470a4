import type { TopicPartition } from '../consumer-client.js';

/** Partitions in the shape of Kafka's requests: a list of topics, each with the list of its partitions. */
export function byTopic<T extends TopicPartition, P>(
  items: readonly T[],
  toPartition: (item: T) => P,
): { topic: string; partitions: P[] }[] {
  const topics = new Map<string, P[]>();
  for (const item of items) {
    const partitions = topics.get(item.topic);
    if (partitions) partitions.push(toPartition(item));
    else topics.set(item.topic, [toPartition(item)]);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
