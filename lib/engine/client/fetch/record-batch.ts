import type { TopicPartition } from '../consumer-client.js';
import { decompress } from './codecs.js';
import { crc32c } from './crc32c.js';

/** Where the fields of a batch's header are. @see https://kafka.apache.org/documentation/#recordbatch */
const field = {
  baseOffset: 0,
  length: 8,
  magic: 16,
  checksum: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  firstTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  count: 57,
  records: 61,
};

/** What precedes the part of a batch that its length tells of. */
const lengthAndOffsetBytes = 12;
const supportedMagic = 2;
const largestInt32 = 0x7fff_ffff;
const flag = { codec: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 };

/** The whole batches at the beginning of a partition's bytes. A broker cuts the last one off at the fetch size. */
export interface ScannedBatches {
  /** Bytes that whole batches take. */
  length: number;

  /** The offset behind the last one; `undefined` where there is none. */
  next: number | undefined;

  /** Bytes that the batch takes that was cut off, as far as that can be seen. */
  cutOff: number | undefined;

  /** Why the next batch cannot be read. */
  fault: Error | undefined;
}

/** Looks at the headers only, and only for what tells where to go on. */
export function scanBatches(bytes: Buffer): ScannedBatches {
  const found: ScannedBatches = { length: 0, next: undefined, cutOff: undefined, fault: undefined };
  while (bytes.length - found.length > field.magic) {
    const start = found.length;
    const size = sizeAt(bytes, start);
    if ((found.fault = headerFault(bytes, start, size))) break;
    if (start + size > bytes.length) {
      found.cutOff = Math.min(size, largestInt32); // to be asked for
      break;
    }
    found.next = int64(bytes, start) + bytes.readInt32BE(start + field.lastOffsetDelta) + 1;
    found.length += size;
  }
  return found;
}

/** The old formats have their version in the same place, and may be shorter than the header of this one. */
function headerFault(bytes: Buffer, start: number, size: number): Error | undefined {
  const magic = bytes.readInt8(start + field.magic);
  if (magic !== supportedMagic) {
    return new Error(
      `Record batch at offset ${int64(bytes, start)} is of format ${magic}; only format ${supportedMagic} (Kafka 0.11 and later) is supported`,
    );
  }
  if (size < field.records)
    return new Error(
      `Record batch at offset ${int64(bytes, start)} says it is ${size} bytes long, less than its header`,
    );
  const isWhole = start + size <= bytes.length;
  if (isWhole && (bytes.readInt32BE(start + field.lastOffsetDelta) < 0 || bytes.readInt32BE(start + field.count) < 0)) {
    return new Error(`Record batch at offset ${int64(bytes, start)} says it ends before it begins`);
  }
  return undefined;
}

/** Bytes that may move to other memory. */
export interface HeldBytes {
  bytes: Buffer;
}

/** A batch with what its header says, its records still encoded. */
export class RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly producerId: number;
  readonly count: number;

  /** The time that the timestamps of the records are relative to, or that of all of them. */
  readonly baseTimestamp: number;

  /** What holds the records, and where they are in it: the bytes the batch came in, until it is decompressed. */
  content: HeldBytes;
  recordsAt: number;
  recordsEnd: number;
  isDecompressed = false;
  private readonly attributes: number;

  /** @param start where the batch begins in bytes that were scanned */
  constructor({ topic, partition }: TopicPartition, content: HeldBytes, start: number) {
    const { bytes } = content;
    this.topic = topic;
    this.partition = partition;
    this.baseOffset = int64(bytes, start + field.baseOffset);
    this.lastOffset = this.baseOffset + bytes.readInt32BE(start + field.lastOffsetDelta);
    this.attributes = bytes.readInt16BE(start + field.attributes);
    this.baseTimestamp = int64(bytes, start + (this.hasAppendTime ? field.maxTimestamp : field.firstTimestamp));
    this.producerId = int64(bytes, start + field.producerId);
    this.count = bytes.readInt32BE(start + field.count);
    this.content = content;
    this.recordsAt = start + field.records;
    this.recordsEnd = start + sizeAt(bytes, start);
  }

  /** Whether all records have the time of their append to the log, instead of one of their producer. */
  get hasAppendTime(): boolean {
    return (this.attributes & flag.logAppendTime) !== 0;
  }

  get isTransactional(): boolean {
    return (this.attributes & flag.transactional) !== 0;
  }

  get isControl(): boolean {
    return (this.attributes & flag.control) !== 0;
  }

  /** Whether the records are to be decompressed before they can be decoded. */
  get isCompressed(): boolean {
    return !this.isDecompressed && (this.attributes & flag.codec) !== 0;
  }

  /** @throws when the codec is missing, or the records are no output of it */
  async decompress(): Promise<void> {
    const compressed = this.content.bytes.subarray(this.recordsAt, this.recordsEnd);
    const bytes = await decompress(this.attributes & flag.codec, compressed);
    this.content = { bytes };
    this.recordsAt = 0;
    this.recordsEnd = bytes.length;
    this.isDecompressed = true;
  }
}

/** Bytes of the batch that begins there. */
export function sizeAt(bytes: Buffer, start: number): number {
  return lengthAndOffsetBytes + bytes.readInt32BE(start + field.length);
}

/** Whether the batch that begins there is what its producer and broker had. */
export function isIntact(bytes: Buffer, start: number): boolean {
  const sum = crc32c(bytes, start + field.attributes, start + sizeAt(bytes, start));
  return bytes.readUInt32BE(start + field.checksum) === sum;
}

/** Exact up to 2^53, which offsets, timestamps and producer ids never reach. */
function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}
