import { byTopic } from '../connection/by-topic.js';
import type { ByteReader } from '../connection/byte-reader.js';
import type { TopicPartition } from '../consumer-client.js';
import type { ByteWriter } from './byte-writer.js';

/**
 * Partitions the way members write them to each other: `[topic, [partition]]`. Sorted, so that the same partitions are
 * the same bytes: a broker compares them to tell whether a member that joins again has anything new to say.
 */
export function writeTopicPartitions(writer: ByteWriter, partitions: readonly TopicPartition[]): ByteWriter {
  const sorted = [...partitions].sort((a, b) => compareNames(a.topic, b.topic) || a.partition - b.partition);
  const topics = byTopic(sorted, ({ partition }) => partition);
  return writer.array(topics, ({ topic, partitions: numbers }) => {
    writer.string(topic).array(numbers, (number) => writer.int32(number));
  });
}

export function readTopicPartitions(reader: ByteReader): TopicPartition[] {
  const topics = reader.array(() => ({ topic: reader.string(), numbers: reader.array(() => reader.int32()) }));
  return topics.flatMap(({ topic, numbers }) => numbers.map((partition) => ({ topic, partition })));
}

/** All partitions of these topics, sorted; none of a topic that does not exist. */
export function partitionsOf(topics: Iterable<string>, counts: ReadonlyMap<string, number>): TopicPartition[] {
  return [...new Set(topics)]
    .sort(compareNames)
    .flatMap((topic) => Array.from({ length: counts.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })));
}

/** The order of Java's `String.compareTo`: where Java's client has to come to the same assignment, it is this one. */
export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
