import type { ConsumedRecord, TopicPartition } from '../consumer-client.js';
import { ByteReader } from '../connection/byte-reader.js';
import { decodeRecords, isAbortMarker, isControl, isTransactional, scanBatches } from './record-batch.js';

/** What a broker returned for one partition, records still encoded. */
export interface FetchedPartition extends TopicPartition {
  errorCode: number;
  highWatermark: number;
  lastStableOffset: number;
  abortedTransactions: AbortedTransaction[];

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

/** `next` lies behind everything that was there, also what was left out or compacted away. */
export interface DecodedPartition {
  records: ConsumedRecord[];
  next: number;
}

/** Decodes a Fetch response of version 11, without the records. */
export function decodeFetchResponse(payload: Buffer): Promise<FetchResponse> {
  const reader = new ByteReader(payload);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  reader.int32(); // session id
  const topics = reader.array(() => {
    const topic = reader.string();
    return reader.array(() => readPartition(reader, topic));
  });
  return Promise.resolve({ clientSideThrottleTime, errorCode, partitions: topics.flat() });
}

function readPartition(reader: ByteReader, topic: string): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  reader.int64(); // log start offset
  const abortedTransactions = reader.array(() => ({ producerId: reader.int64(), firstOffset: reader.int64() }));
  const preferredReadReplica = reader.int32();
  const bytes = reader.take(Math.max(0, reader.int32()));
  return {
    topic,
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    abortedTransactions,
    preferredReadReplica,
    bytes,
  };
}

/**
 * The records of a fetched partition from an offset on, without those of aborted transactions and without control
 * records.
 *
 * @throws when a batch cannot be decoded
 */
export async function decodePartition(fetched: FetchedPartition, from: number): Promise<DecodedPartition> {
  const pendingAborts = [...fetched.abortedTransactions].sort((a, b) => a.firstOffset - b.firstOffset);
  const aborted = new Set<number>();
  const decoded: ConsumedRecord[][] = [];
  let next = from;
  for (const batch of scanBatches(fetched.bytes)) {
    while (pendingAborts.length > 0 && pendingAborts[0]!.firstOffset <= batch.lastOffset) {
      aborted.add(pendingAborts.shift()!.producerId);
    }
    if (isControl(batch)) {
      if (await isAbortMarker(batch)) aborted.delete(batch.producerId);
    } else if (!(isTransactional(batch) && aborted.has(batch.producerId)) && batch.lastOffset >= from) {
      decoded.push(await decodeRecords(batch, from, fetched));
    }
    next = Math.max(next, batch.lastOffset + 1);
  }
  return { records: decoded.flat(), next };
}
