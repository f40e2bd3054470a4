import { ByteReader } from '../connection/byte-reader.js';
import type { TopicPartition } from '../consumer-client.js';
import { ByteWriter } from './byte-writer.js';
import { compareNames, readTopicPartitions, writeTopicPartitions } from './topic-partitions.js';

/** In place of the generation of a member that has none, or does not tell. */
export const unknownGeneration = -1;

/** What a member tells the leader of its group when it joins. */
export interface Subscription {
  topics: readonly string[];

  /** In the format of the assignor it is sent for. */
  userData: Buffer;

  /** What the member still holds: nothing in an eager rebalance (KIP-429). */
  owned: readonly TopicPartition[];

  /** The generation `owned` is from (KIP-792); {@link unknownGeneration} without one. */
  generation: number;

  /** Where the member runs (KIP-881). */
  rackId?: string;
}

const subscriptionVersion = 3;
const assignmentVersion = 0;

/**
 * A subscription in its newest version. Those who know only older ones read as far as they know: versions only append.
 *
 * @see https://github.com/apache/kafka/blob/trunk/clients/src/main/resources/common/message/ConsumerProtocolSubscription.json
 */
export function encodeSubscription({ topics, userData, owned, generation, rackId }: Subscription): Buffer {
  const writer = new ByteWriter();
  writer.int16(subscriptionVersion);
  writer.array([...topics].sort(compareNames), (topic) => writer.string(topic));
  writer.lengthAndBytes(userData);
  writeTopicPartitions(writer, owned);
  return writer.int32(generation).nullableString(rackId ?? null).bytes;
}

/**
 * Reads a subscription of any version.
 *
 * @throws when the bytes are none
 */
export function decodeSubscription(metadata: Buffer): Subscription {
  return decode('a subscription', metadata, (reader, version) => ({
    topics: reader.array(() => reader.string()),
    userData: readNullableBytes(reader),
    owned: version >= 1 ? readTopicPartitions(reader) : [],
    generation: version >= 2 ? reader.int32() : unknownGeneration,
    rackId: version >= 3 ? readName(reader) : undefined,
  }));
}

/**
 * What the leader gives a member. Always in the oldest version: the newer ones added nothing to it.
 *
 * @see https://github.com/apache/kafka/blob/trunk/clients/src/main/resources/common/message/ConsumerProtocolAssignment.json
 */
export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const writer = new ByteWriter().int16(assignmentVersion);
  return writeTopicPartitions(writer, partitions).lengthAndBytes(Buffer.alloc(0)).bytes;
}

/**
 * Reads an assignment of any version. A member the leader had nothing for may get no bytes at all.
 *
 * @throws when the bytes are no assignment
 */
export function decodeAssignment(assignment: Buffer | null): TopicPartition[] {
  if (!assignment || assignment.length === 0) return [];
  return decode('an assignment', assignment, readTopicPartitions);
}

function decode<T>(what: string, bytes: Buffer, read: (reader: ByteReader, version: number) => T): T {
  try {
    const reader = new ByteReader(bytes);
    const version = reader.int16();
    if (version < 0) throw new RangeError(`Version ${version}, expected 0 or higher`);
    return read(reader, version);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new Error(`Not ${what} of Kafka's consumer protocol (${bytes.length} bytes): ${reason}`, { cause });
  }
}

function readNullableBytes(reader: ByteReader): Buffer {
  const length = reader.int32();
  return length < 0 ? Buffer.alloc(0) : reader.take(length);
}

/** A nullable string, where an empty one stands for none too. */
function readName(reader: ByteReader): string | undefined {
  const length = reader.int16();
  return length < 0 ? undefined : reader.take(length).toString('utf8') || undefined;
}
