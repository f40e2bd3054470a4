import { createBatch } from '../../../lib/testing/embedded/log/record-batch.js';
import { crc32c } from '../../../lib/testing/embedded/log/crc32c.js';
import { encodeRecords } from '../../../lib/testing/embedded/log/records.js';
import { type RequestOf } from '../../../lib/testing/embedded/protocol/apis.js';

export interface Sequence {
  producerId: number;
  producerEpoch: number;
  baseSequence: number;
  transactional?: boolean;
}

/** The bytes of a batch; with a sequence, as an idempotent producer sends it. */
export function batchOf(values: string[], sequence?: Sequence): Buffer {
  const timestamp = Date.now();
  const contents = values.map((value) => ({ timestamp, key: null, value: Buffer.from(value), headers: [] }));
  const plain = encodeRecords(contents);
  if (!sequence) return plain.bytes;
  const header = { firstTimestamp: timestamp, maxTimestamp: timestamp, count: values.length, ...sequence };
  const { bytes } = createBatch(header, plain.records);
  bytes.writeInt32BE(sequence.baseSequence, 53);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

export function produceRequest(
  topic: string,
  records: Buffer,
  { partition = 0, acks = -1, transactionalId = null as string | null } = {},
): RequestOf<'Produce'> {
  return { transactionalId, acks, timeoutMs: 5000, topics: [{ topic, partitions: [{ partition, records }] }] };
}

export function fetchRequest(
  topic: string,
  fetchOffset: number,
  { partition = 0, maxWaitMs = 0, minBytes = 1, maxBytes = 1_000_000, isolationLevel = 0 } = {},
): RequestOf<'Fetch'> {
  return {
    replicaId: -1,
    maxWaitMs,
    minBytes,
    maxBytes: 10_000_000,
    isolationLevel,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ topic, partitions: [{ partition, currentLeaderEpoch: -1, fetchOffset, logStartOffset: -1, maxBytes }] }],
    forgotten: [],
    rackId: '',
  };
}
