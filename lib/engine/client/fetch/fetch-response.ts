import { ByteReader } from '../connection/byte-reader.js';
import type { TopicPartition } from '../consumer-client.js';

/** What a broker returned for one partition, records still encoded. */
export interface FetchedPartition extends TopicPartition {
  errorCode: number;

  /** Nothing from here on may be read yet. */
  lastStableOffset: number;
  abortedTransactions: readonly AbortedTransaction[];

  /** A replica closer to our rack, -1 for none. */
  preferredReadReplica: number;
  bytes: Buffer;
}

export interface AbortedTransaction {
  producerId: number;
  firstOffset: number;
}

export interface FetchResponse {
  /** Kept under kafkajs's name, so that it holds back requests to a broker that throttles (KIP-219). */
  clientSideThrottleTime: number;
  errorCode: number;
  partitions: FetchedPartition[];
}

/** Shared: most partitions of most answers have nothing. */
const noBytes = Buffer.alloc(0);
const noTransactions: readonly AbortedTransaction[] = [];

/** Decodes a Fetch response of version 11, without the records. */
export function decodeFetchResponse(payload: Buffer): Promise<FetchResponse> {
  const reader = new ByteReader(payload);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  reader.skip(4); // session id
  const partitions: FetchedPartition[] = [];
  for (let topics = reader.int32(); topics > 0; topics--) {
    const topic = reader.string();
    for (let left = reader.int32(); left > 0; left--) partitions.push(readPartition(reader, topic));
  }
  return Promise.resolve({ clientSideThrottleTime, errorCode, partitions });
}

function readPartition(reader: ByteReader, topic: string): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  reader.skip(8); // high watermark
  const lastStableOffset = reader.int64();
  reader.skip(8); // log start offset
  const abortedTransactions = readTransactions(reader);
  const preferredReadReplica = reader.int32();
  const length = reader.int32();
  const bytes = length > 0 ? reader.take(length) : noBytes;
  return { topic, partition, errorCode, lastStableOffset, abortedTransactions, preferredReadReplica, bytes };
}

function readTransactions(reader: ByteReader): readonly AbortedTransaction[] {
  const transactions = reader.array(() => ({ producerId: reader.int64(), firstOffset: reader.int64() }));
  return transactions.length > 0 ? transactions : noTransactions;
}
