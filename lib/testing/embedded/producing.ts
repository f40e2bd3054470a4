import { type Topic } from './cluster/topic.js';
import { EmbeddedKafkaError } from './embedded-kafka.error.js';
import { partitionOfKey } from '../../engine/client/produce/key-partitioner.js';
import { encodeRecords, type RecordContent } from './log/records.js';

type Bytes = Buffer | string;

/**
 * A message to put into a topic.
 *
 * @publicApi
 */
export interface EmbeddedMessage {
  /** @default null */
  key?: Bytes | null;

  /** `null` is a tombstone. */
  value: Bytes | null;

  /** An array repeats the header. @default {} */
  headers?: Record<string, Bytes | Bytes[]>;

  /** @default the partition that Kafka's clients choose for the key; without a key, each partition in turn within a call */
  partition?: number;

  /** @default now */
  timestamp?: Date | number;
}

/** Puts messages into a topic, one batch for each partition, and returns where each of them went. */
export function append(topic: Topic, messages: readonly EmbeddedMessage[]): { partition: number; offset: string }[] {
  const targets = messages.map((message, index) => partitionFor(topic, message, index));
  const places = new Map<number, number>();
  for (const partition of new Set(targets)) {
    const records = messages.filter((_, index) => targets[index] === partition).map(toRecord);
    const { log, leaderEpoch } = expectPartition(topic, partition);
    const logAppendTime = topic.hasLogAppendTime ? Date.now() : undefined;
    places.set(partition, log.append(encodeRecords(records), { leaderEpoch, logAppendTime }));
  }
  return targets.map((partition) => {
    const offset = places.get(partition) as number;
    places.set(partition, offset + 1);
    return { partition, offset: String(offset) };
  });
}

function partitionFor({ partitions }: Topic, { key, partition }: EmbeddedMessage, index: number): number {
  if (partition !== undefined) return partition;
  return key == null ? index % partitions.length : partitionOfKey(Buffer.from(key), partitions.length);
}

function expectPartition({ name, partitions }: Topic, index: number) {
  const partition = partitions[index];
  if (partition) return partition;
  throw new EmbeddedKafkaError(`expected a partition from 0 to ${partitions.length - 1} of ${name}, got ${index}`);
}

function toRecord({ key, value, headers = {}, timestamp = Date.now() }: EmbeddedMessage): RecordContent {
  return {
    timestamp: Number(timestamp),
    key: toBytes(key),
    value: toBytes(value),
    headers: Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().map((one): [string, Buffer] => [name, Buffer.from(one)]),
    ),
  };
}

function toBytes(value: Bytes | null | undefined): Buffer | null {
  return value == null ? null : Buffer.from(value);
}
