import { Refusal } from '../protocol/errors.js';
import { crc32c } from './crc32c.js';

/** Bytes before a batch's records (Kafka documentation, "Record Batch"). */
export const BATCH_HEADER_BYTES = 61;

const AT = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  firstTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
};
const LENGTH_COUNTS_FROM = 12;

const COMPRESSION = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/**
 * A record batch of format v2 as it came, with its header's fields. The records stay as they are, compressed or not;
 * base offset and leader epoch can be set because the checksum does not cover them.
 */
export class RecordBatch {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly lastOffsetDelta: number;

  private first = 0;

  constructor(readonly bytes: Buffer) {
    this.producerId = Number(bytes.readBigInt64BE(AT.producerId));
    this.producerEpoch = bytes.readInt16BE(AT.producerEpoch);
    this.baseSequence = bytes.readInt32BE(AT.baseSequence);
    this.lastOffsetDelta = bytes.readInt32BE(AT.lastOffsetDelta);
    this.first = Number(bytes.readBigInt64BE(AT.baseOffset));
  }

  get baseOffset(): number {
    return this.first;
  }

  get lastOffset(): number {
    return this.first + this.lastOffsetDelta;
  }

  get lastSequence(): number {
    // Sequences wrap to 0 after 2^31 - 1.
    return this.baseSequence < 0 ? -1 : (this.baseSequence + this.lastOffsetDelta) % 0x80000000;
  }

  get count(): number {
    return this.bytes.readInt32BE(AT.count);
  }

  get firstTimestamp(): number {
    return Number(this.bytes.readBigInt64BE(AT.firstTimestamp));
  }

  get maxTimestamp(): number {
    return Number(this.bytes.readBigInt64BE(AT.maxTimestamp));
  }

  /** Number of the codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  get compression(): number {
    return this.attributes & COMPRESSION;
  }

  get hasLogAppendTime(): boolean {
    return (this.attributes & LOG_APPEND_TIME) !== 0;
  }

  get isTransactional(): boolean {
    return (this.attributes & TRANSACTIONAL) !== 0;
  }

  get isControl(): boolean {
    return (this.attributes & CONTROL) !== 0;
  }

  get records(): Buffer {
    return this.bytes.subarray(BATCH_HEADER_BYTES);
  }

  /** Gives the batch its place in a log. */
  place(baseOffset: number, leaderEpoch: number): void {
    this.first = baseOffset;
    this.bytes.writeBigInt64BE(BigInt(baseOffset), AT.baseOffset);
    this.bytes.writeInt32BE(leaderEpoch, AT.leaderEpoch);
  }

  /** Makes the broker's clock the timestamp of every record (`message.timestamp.type=LogAppendTime`). */
  stamp(timestamp: number): void {
    this.bytes.writeInt16BE(this.attributes | LOG_APPEND_TIME, AT.attributes);
    this.bytes.writeBigInt64BE(BigInt(timestamp), AT.maxTimestamp);
    seal(this.bytes);
  }

  private get attributes(): number {
    return this.bytes.readInt16BE(AT.attributes);
  }
}

/** What a new batch says of itself beside its records. */
export interface BatchHeader {
  firstTimestamp: number;
  maxTimestamp: number;
  count: number;
  producerId?: number;
  producerEpoch?: number;
  transactional?: boolean;
  control?: boolean;
}

/** Builds an uncompressed batch round encoded records. */
export function createBatch(header: BatchHeader, records: Buffer): RecordBatch {
  const bytes = Buffer.concat([Buffer.alloc(BATCH_HEADER_BYTES), records]);
  bytes.writeInt32BE(bytes.length - LENGTH_COUNTS_FROM, AT.length);
  bytes.writeInt8(2, AT.magic);
  bytes.writeInt16BE((header.transactional ? TRANSACTIONAL : 0) | (header.control ? CONTROL : 0), AT.attributes);
  bytes.writeInt32BE(header.count - 1, AT.lastOffsetDelta);
  bytes.writeBigInt64BE(BigInt(header.firstTimestamp), AT.firstTimestamp);
  bytes.writeBigInt64BE(BigInt(header.maxTimestamp), AT.maxTimestamp);
  bytes.writeBigInt64BE(BigInt(header.producerId ?? -1), AT.producerId);
  bytes.writeInt16BE(header.producerEpoch ?? -1, AT.producerEpoch);
  bytes.writeInt32BE(-1, AT.baseSequence);
  bytes.writeInt32BE(header.count, AT.count);
  seal(bytes);
  return new RecordBatch(bytes);
}

/**
 * Takes a producer's bytes as a batch.
 *
 * @throws Refusal unless they are exactly one batch of format v2 whose header is consistent
 */
export function parseBatch(bytes: Buffer): RecordBatch {
  if (bytes.length < BATCH_HEADER_BYTES) {
    throw new Refusal('INVALID_RECORD', `expected a record batch, got ${bytes.length} bytes`);
  }
  const magic = bytes.readInt8(AT.magic);
  if (magic !== 2) throw new Refusal('INVALID_RECORD', `expected a record batch of format 2, got format ${magic}`);
  const length = bytes.readInt32BE(AT.length) + LENGTH_COUNTS_FROM;
  if (length !== bytes.length) {
    throw new Refusal('CORRUPT_MESSAGE', `expected one batch of ${length} bytes, got ${bytes.length}`);
  }
  const batch = new RecordBatch(ownBytes(bytes));
  if (batch.count < 1 || batch.lastOffsetDelta !== batch.count - 1 || batch.isControl) {
    throw new Refusal('INVALID_RECORD', `expected ${batch.count} records numbered from 0, and no control batch`);
  }
  return batch;
}

/** A batch is a slice of its request's frame. One that is a small part of it is copied, or it would keep the frame. */
function ownBytes(bytes: Buffer): Buffer {
  return bytes.length * 2 < bytes.buffer.byteLength ? Buffer.from(bytes) : bytes;
}

function seal(bytes: Buffer): void {
  bytes.writeUInt32BE(crc32c(bytes.subarray(AT.attributes)), AT.crc);
}
