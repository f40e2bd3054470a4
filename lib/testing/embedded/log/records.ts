import { gunzipSync } from 'node:zlib';
import { Reader } from '../protocol/reader.js';
import { Writer } from '../protocol/writer.js';
import { createBatch, type RecordBatch } from './record-batch.js';

/** A record's content, headers in the order of the wire. */
export interface RecordContent {
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: [name: string, value: Buffer][];
}

/** A record at its place in a partition. */
export interface StoredRecord extends RecordContent {
  offset: number;
}

/** What a batch may grow to when it is looked into. */
const MAX_DECOMPRESSED_BYTES = 256 * 1024 * 1024;

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/**
 * The records of a batch, decompressed.
 *
 * @throws Error when the batch is compressed by another codec than gzip, the one that Node has built in
 */
export function decodeRecords(batch: RecordBatch): StoredRecord[] {
  const from = new Reader(decompress(batch));
  return Array.from({ length: batch.count }, () => readRecord(from, batch));
}

/** Whether {@link decodeRecords} knows the codec of a batch. */
export function isDecodable(batch: RecordBatch): boolean {
  return batch.compression <= 1;
}

/** Encodes records into one uncompressed batch. Its offsets are counted from 0 until a log places it. */
export function encodeRecords(records: RecordContent[]): RecordBatch {
  const firstTimestamp = records[0]?.timestamp ?? 0;
  const to = new Writer();
  records.forEach((record, index) => writeRecord(to, record, index, firstTimestamp));
  const maxTimestamp = records.reduce((max, { timestamp }) => Math.max(max, timestamp), firstTimestamp);
  return createBatch({ firstTimestamp, maxTimestamp, count: records.length }, to.toBuffer());
}

/** The control batch that ends a transaction in a partition. */
export function createMarker(producerId: number, producerEpoch: number, committed: boolean, timestamp: number) {
  const key = Buffer.from([0, 0, 0, committed ? 1 : 0]);
  const value = Buffer.alloc(6);
  const to = new Writer();
  writeRecord(to, { timestamp, key, value, headers: [] }, 0, timestamp);
  return createBatch(
    {
      firstTimestamp: timestamp,
      maxTimestamp: timestamp,
      count: 1,
      producerId,
      producerEpoch,
      transactional: true,
      control: true,
    },
    to.toBuffer(),
  );
}

function decompress(batch: RecordBatch): Buffer {
  if (batch.compression === 0) return batch.records;
  if (batch.compression === 1) return gunzipSync(batch.records, { maxOutputLength: MAX_DECOMPRESSED_BYTES });
  const codec = CODECS[batch.compression] ?? batch.compression;
  throw new Error(
    `expected records that are not compressed or gzip, got codec ${codec} at offset ${batch.baseOffset}: ` +
      'EmbeddedKafka stores and serves them as they are, but cannot look into them',
  );
}

function readRecord(from: Reader, batch: RecordBatch): StoredRecord {
  from.varint();
  from.int8();
  const timestamp = batch.firstTimestamp + from.varint();
  return {
    timestamp: batch.hasLogAppendTime ? batch.maxTimestamp : timestamp,
    offset: batch.baseOffset + from.varint(),
    key: readField(from),
    value: readField(from),
    headers: Array.from({ length: readCount(from) }, () => [from.string(from.varint()), readField(from) ?? NOTHING]),
  };
}

const NOTHING = Buffer.alloc(0);

function readField(from: Reader): Buffer | null {
  const length = from.varint();
  return length < 0 ? null : from.bytes(length);
}

function readCount(from: Reader): number {
  return Math.min(from.varint(), from.remaining);
}

function writeRecord(to: Writer, record: RecordContent, offsetDelta: number, firstTimestamp: number): void {
  const body = new Writer();
  body.int8(0);
  body.varint(record.timestamp - firstTimestamp);
  body.varint(offsetDelta);
  writeField(body, record.key);
  writeField(body, record.value);
  body.varint(record.headers.length);
  for (const [name, value] of record.headers) {
    writeField(body, Buffer.from(name));
    writeField(body, value);
  }
  const { chunks, length } = body.finish();
  to.varint(length);
  for (const chunk of chunks) to.bytes(chunk);
}

function writeField(to: Writer, value: Buffer | null): void {
  to.varint(value ? value.length : -1);
  if (value) to.bytes(value);
}
