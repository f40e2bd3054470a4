import { BufferWriter } from '../connection/buffer-writer.js';
import { byTopic } from '../connection/by-topic.js';
import { ByteReader } from '../connection/byte-reader.js';
import type { RequestDefinition } from '../connection/kafkajs-internals.js';
import type { TopicPartition } from '../consumer-client.js';

/** What is to be appended to a partition: one batch. */
export interface EncodedBatch extends TopicPartition {
  bytes: Buffer;
}

/** What a broker says of one partition. */
export interface ProduceResult extends TopicPartition {
  errorCode: number;

  /** Offset of the first record. */
  baseOffset: number;
}

export interface ProduceResponse {
  /** Kept under kafkajs's name, so that it holds back requests to a broker that throttles (KIP-219). */
  clientSideThrottleTime: number;
  results: ProduceResult[];
}

const produceKey = 0;
const version = 7;
const allInSync = -1;
const fixedBytes = 12;
const topicBytes = 6;
const partitionBytes = 8;

/** Produce of version 7, acknowledged by all in-sync replicas. */
export function produceDefinition(
  batches: readonly EncodedBatch[],
  requestTimeout: number,
  transactionalId: string | null,
): RequestDefinition {
  const encode = (): Promise<unknown> => {
    const buffer = encodeProduceRequest(batches, requestTimeout, transactionalId);
    return Promise.resolve({ buf: buffer, buffer }); // what kafkajs reads of its own encoder
  };
  return {
    request: { apiKey: produceKey, apiVersion: version, apiName: 'Produce', encode },
    response: { decode: decodeProduceResponse, parse: (data) => Promise.resolve(data) },
    requestTimeout,
  };
}

export function encodeProduceRequest(
  batches: readonly EncodedBatch[],
  timeoutMs: number,
  transactionalId: string | null,
): Buffer {
  const topics = byTopic(batches, ({ partition, bytes }) => ({ partition, bytes }));
  const writer = new BufferWriter(Buffer.allocUnsafe(sizeOf(batches) + Buffer.byteLength(transactionalId ?? '')));
  if (transactionalId === null) writer.int16(-1);
  else writer.string(transactionalId);
  writer.int16(allInSync).int32(timeoutMs).int32(topics.length);
  for (const { topic, partitions } of topics) {
    writer.string(topic).int32(partitions.length);
    for (const { partition, bytes } of partitions) writer.int32(partition).int32(bytes.length).raw(bytes);
  }
  return writer.written;
}

/** At most. */
function sizeOf(batches: readonly EncodedBatch[]): number {
  const sizes = batches.map(
    ({ topic, bytes }) => topicBytes + Buffer.byteLength(topic) + partitionBytes + bytes.length,
  );
  return sizes.reduce((total, size) => total + size, fixedBytes);
}

/** Decodes a Produce response of version 7. */
export function decodeProduceResponse(payload: Buffer): Promise<ProduceResponse> {
  const reader = new ByteReader(payload);
  const topics = reader.array(() => {
    const topic = reader.string();
    return reader.array(() => readResult(reader, topic));
  });
  return Promise.resolve({ results: topics.flat(), clientSideThrottleTime: reader.int32() });
}

function readResult(reader: ByteReader, topic: string): ProduceResult {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const baseOffset = reader.int64();
  reader.skip(16); // the time of the append, and the start of the log
  return { topic, partition, errorCode, baseOffset };
}
