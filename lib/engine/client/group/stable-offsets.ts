import { BufferWriter, uvarintSize } from '../connection/buffer-writer.js';
import { byTopic } from '../connection/by-topic.js';
import { ByteReader } from '../connection/byte-reader.js';
import type { RequestDefinition } from '../connection/kafkajs-internals.js';
import { ErrorCode, isCoordinatorMoved, throwOnError } from '../connection/protocol-errors.js';
import type { TopicPartition } from '../consumer-client.js';
import type { CommittedOffset } from '../positions/start-positions.js';
import type { GroupCoordinator } from './group-coordinator.js';

/** What a group has committed for a partition. */
export type StableOffset = CommittedOffset & TopicPartition;

interface StableOffsets {
  offsets: (StableOffset & { errorCode: number })[];
  errorCode: number;
}

const offsetFetchKey = 9;

/** The first that waits for transactions (KIP-447), with the compact encoding of KIP-482. */
const version = 7;

/**
 * What a group has committed for partitions. Left out are those that a transaction under way may change, or that may not be read.
 *
 * @throws when no coordinator answers
 */
export async function fetchStable(
  coordinator: Pick<GroupCoordinator, 'request' | 'moved' | 'group'>,
  partitions: readonly TopicPartition[],
): Promise<StableOffset[]> {
  const definition = stableOffsetFetch(coordinator.group, partitions);
  const { errorCode, offsets } = await coordinator.request<StableOffsets>('offsets', 'OffsetFetch', {}, definition);
  if (isCoordinatorMoved(errorCode)) coordinator.moved();
  throwOnError(errorCode, 'reading committed offsets');
  return offsets.filter((read) => read.errorCode === ErrorCode.None);
}

function stableOffsetFetch(group: string, partitions: readonly TopicPartition[]): Partial<RequestDefinition> {
  const encode = (): Promise<unknown> => {
    const buffer = encodeRequest(group, partitions);
    return Promise.resolve({ buf: buffer, buffer }); // what kafkajs reads of its own encoder
  };
  return {
    request: { apiKey: offsetFetchKey, apiVersion: version, apiName: 'OffsetFetch', encode },
    response: { decode: decodeResponse, parse: (data) => Promise.resolve(data) },
  };
}

/** Begins with what belongs to the header, which kafkajs writes without. */
function encodeRequest(group: string, partitions: readonly TopicPartition[]): Buffer {
  const topics = byTopic(partitions, ({ partition }) => partition);
  const writer = new BufferWriter(Buffer.allocUnsafe(sizeOf(group, topics)));
  writer
    .noTags()
    .compactString(group)
    .uvarint(topics.length + 1);
  for (const { topic, partitions } of topics) {
    writer.compactString(topic).uvarint(partitions.length + 1);
    for (const partition of partitions) writer.int32(partition);
    writer.noTags();
  }
  return writer.int8(1).noTags().written; // to wait for transactions
}

function sizeOf(group: string, topics: readonly { topic: string; partitions: number[] }[]): number {
  const compact = (text: string): number => uvarintSize(Buffer.byteLength(text) + 1) + Buffer.byteLength(text);
  const sizes = topics.map(
    ({ topic, partitions }) => compact(topic) + uvarintSize(partitions.length + 1) + partitions.length * 4 + 1,
  );
  return sizes.reduce((sum, size) => sum + size, 3 + compact(group) + uvarintSize(topics.length + 1));
}

function decodeResponse(payload: Buffer): Promise<StableOffsets> {
  const reader = new ByteReader(payload);
  reader.skipTags();
  reader.skip(4); // for how long we are throttled
  const offsets = reader.compactArray(() => {
    const topic = reader.compactString() ?? '';
    const read = reader.compactArray(() => readOffset(reader, topic));
    reader.skipTags();
    return read;
  });
  return Promise.resolve({ offsets: offsets.flat(), errorCode: reader.int16() });
}

function readOffset(reader: ByteReader, topic: string): StableOffsets['offsets'][0] {
  const partition = reader.int32();
  const offset = reader.int64();
  reader.skip(4); // the epoch of the leader
  const metadata = reader.compactString();
  const errorCode = reader.int16();
  reader.skipTags();
  return { topic, partition, offset, metadata, errorCode };
}
