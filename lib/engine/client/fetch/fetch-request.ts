import { BufferWriter } from '../connection/buffer-writer.js';
import type { RequestDefinition } from '../connection/kafkajs-internals.js';
import type { TopicPartition } from '../consumer-client.js';
import { decodeFetchResponse } from './fetch-response.js';

/** A request for records; broker and connection apart. */
export interface FetchRequest {
  maxWaitMs: number;
  minBytes: number;
  maxBytes: number;
  rackId: string | undefined;

  /** A broker fills its answer in this order. */
  partitions: readonly AskedPartition[];
}

export interface AskedPartition {
  partition: TopicPartition;
  offset: number;
  maxBytes: number;
}

const fetchKey = 1;
const version = 11;
const readCommitted = 1;
const consumer = -1;
const fixedBytes = 37;
const topicBytes = 6;
const partitionBytes = 28;

/** Fetch of version 11, without a session (KIP-227) and without epochs. */
export function fetchDefinition(request: FetchRequest, requestTimeout: number): RequestDefinition {
  const encode = (): Promise<unknown> => {
    const buffer = encodeFetchRequest(request);
    return Promise.resolve({ buf: buffer, buffer }); // what kafkajs reads of its own encoder
  };
  return {
    request: { apiKey: fetchKey, apiVersion: version, apiName: 'Fetch', encode },
    response: { decode: decodeFetchResponse, parse: (data) => Promise.resolve(data) },
    requestTimeout,
  };
}

/** Into one buffer: kafkajs's encoder takes one for each partition. */
export function encodeFetchRequest({ maxWaitMs, minBytes, maxBytes, rackId = '', partitions }: FetchRequest): Buffer {
  const buffer = Buffer.allocUnsafe(sizeOf(partitions) + Buffer.byteLength(rackId));
  const writer = new BufferWriter(buffer);
  writer.int32(consumer).int32(maxWaitMs).int32(minBytes).int32(maxBytes).int8(readCommitted);
  writer.int32(0).int32(-1); // session id and epoch: none
  const topicsAt = writer.skipInt32();
  let topics = 0;
  for (let at = 0; at < partitions.length; topics++) at = writeTopic(writer, partitions, at);
  buffer.writeInt32BE(topics, topicsAt);
  writer.int32(0).string(rackId); // no forgotten topics, as there is no session
  return writer.written;
}

/** Neighbours of the same topic share an entry. */
function writeTopic(writer: BufferWriter, partitions: readonly AskedPartition[], from: number): number {
  const { topic } = partitions[from]!.partition;
  writer.string(topic);
  const countAt = writer.skipInt32();
  let at = from;
  for (; at < partitions.length && partitions[at]!.partition.topic === topic; at++) {
    const { partition, offset, maxBytes } = partitions[at]!;
    writer.int32(partition.partition).int32(-1).int64(offset).int64(-1).int32(maxBytes); // no leader epoch, no log start
  }
  writer.buffer.writeInt32BE(at - from, countAt);
  return at;
}

/** At most so many bytes, beside those of the rack. */
function sizeOf(partitions: readonly AskedPartition[]): number {
  let size = fixedBytes + partitions.length * partitionBytes;
  let before = '';
  for (const { partition } of partitions) {
    if (partition.topic !== before) size += topicBytes + Buffer.byteLength(partition.topic);
    before = partition.topic;
  }
  return size;
}
