import type { ConsumedRecord, RecordHeader, TopicPartition } from '../consumer-client.js';
import { ByteReader } from '../connection/byte-reader.js';
import { lookupCodec } from '../connection/kafkajs-internals.js';

const lengthAndOffsetBytes = 12;
const magicAt = 16;
const supportedMagic = 2;

const flag = { codec: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 };

/** The header of a batch and its undecoded records. @see https://kafka.apache.org/documentation/#recordbatch */
export interface RecordBatch {
  baseOffset: number;
  lastOffset: number;
  attributes: number;
  firstTimestamp: number;
  maxTimestamp: number;
  producerId: number;
  count: number;
  records: Buffer;
}

export const isTransactional = (batch: RecordBatch): boolean => (batch.attributes & flag.transactional) !== 0;

export const isControl = (batch: RecordBatch): boolean => (batch.attributes & flag.control) !== 0;

/** The batches of a fetched partition. A broker cuts the last one off at the fetch size: that one is left out. */
export function* scanBatches(bytes: Buffer): Generator<RecordBatch> {
  let start = 0;
  while (bytes.length - start > magicAt) {
    refuseOtherFormats(bytes, start);
    const end = start + lengthAndOffsetBytes + bytes.readInt32BE(start + 8);
    if (end > bytes.length) return;
    yield readBatch(bytes.subarray(start, end));
    start = end;
  }
}

/** The old formats have their version in the same place, and may be shorter than the header of this one. */
function refuseOtherFormats(bytes: Buffer, start: number): void {
  const magic = bytes.readInt8(start + magicAt);
  if (magic === supportedMagic) return;
  throw new Error(
    `Record batch at offset ${bytes.readBigInt64BE(start)} is of format ${magic}; only format ${supportedMagic} (Kafka 0.11 and later) is supported`,
  );
}

function readBatch(bytes: Buffer): RecordBatch {
  const reader = new ByteReader(bytes);
  const baseOffset = reader.int64();
  reader.take(13); // length, partition leader epoch, magic, checksum
  const attributes = reader.int16();
  const lastOffset = baseOffset + reader.int32();
  const firstTimestamp = reader.int64();
  const maxTimestamp = reader.int64();
  const producerId = reader.int64();
  reader.take(6); // producer epoch, base sequence
  const count = reader.int32();
  const records = reader.take(reader.remaining);
  return { baseOffset, lastOffset, attributes, firstTimestamp, maxTimestamp, producerId, count, records };
}

/** The records of a batch from the given offset on: a fetch may begin inside a batch. */
export async function decodeRecords(
  batch: RecordBatch,
  from: number,
  partition: TopicPartition,
): Promise<ConsumedRecord[]> {
  const reader = new ByteReader(await decompress(batch));
  const records: ConsumedRecord[] = [];
  for (let left = batch.count; left > 0; left--) {
    const record = readRecord(reader, batch, partition);
    if (record.offset >= from) records.push(record);
  }
  return records;
}

/** Whether a control batch is the marker that ends an aborted transaction; its record's key is (version, type). */
export async function isAbortMarker(batch: RecordBatch): Promise<boolean> {
  const [marker] = await decodeRecords(batch, batch.baseOffset, { topic: '', partition: 0 });
  return marker?.key?.readInt16BE(2) === 0;
}

async function decompress({ attributes, records }: RecordBatch): Promise<Buffer> {
  if ((attributes & flag.codec) === 0) return records;
  const codec = lookupCodec(attributes);
  if (!codec) throw new Error(`Unknown compression codec ${attributes & flag.codec}`);
  return codec.decompress(records);
}

function readRecord(reader: ByteReader, batch: RecordBatch, { topic, partition }: TopicPartition): ConsumedRecord {
  reader.varint(); // length
  reader.int8(); // attributes, unused
  const timestampDelta = reader.varint();
  const offset = batch.baseOffset + reader.varint();
  const appendTime = (batch.attributes & flag.logAppendTime) !== 0;
  const timestamp = appendTime ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta;
  const key = reader.varintBytes();
  const value = reader.varintBytes();
  return { topic, partition, offset, timestamp, key, value, headers: readHeaders(reader) };
}

function readHeaders(reader: ByteReader): RecordHeader[] {
  const headers: RecordHeader[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    headers.push([reader.varintBytes()?.toString('utf8') ?? '', reader.varintBytes()]);
  }
  return headers;
}
