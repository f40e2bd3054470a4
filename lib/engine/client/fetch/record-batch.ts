import type { TopicPartition } from '../consumer-client.js';
import { lookupCodec } from '../connection/kafkajs-internals.js';
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
    const size = lengthAndOffsetBytes + bytes.readInt32BE(start + field.length);
    if ((found.fault = headerFault(bytes, start, size))) break;
    if (start + size > bytes.length) {
      found.cutOff = size;
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

  /** The whole batch, as it came; once it is decompressed, only its records. They begin here. */
  content: Buffer;
  recordsAt = field.records;
  private readonly attributes: number;

  constructor({ topic, partition }: TopicPartition, content: Buffer) {
    this.topic = topic;
    this.partition = partition;
    this.content = content;
    this.baseOffset = int64(content, field.baseOffset);
    this.lastOffset = this.baseOffset + content.readInt32BE(field.lastOffsetDelta);
    this.attributes = content.readInt16BE(field.attributes);
    this.baseTimestamp = int64(content, this.hasAppendTime ? field.maxTimestamp : field.firstTimestamp);
    this.producerId = int64(content, field.producerId);
    this.count = content.readInt32BE(field.count);
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

  get isDecompressed(): boolean {
    return this.recordsAt === 0;
  }

  /** @throws when the codec is missing, or the records are no output of it */
  async decompress(): Promise<void> {
    const codec = lookupCodec(this.attributes);
    if (!codec) throw new Error(`Unknown compression codec ${this.attributes & flag.codec}`);
    this.content = await codec.decompress(this.content.subarray(field.records));
    this.recordsAt = 0;
  }
}

/** The batch that begins at an offset of bytes that were scanned. */
export function batchAt(bytes: Buffer, start: number): Buffer {
  return bytes.subarray(start, start + lengthAndOffsetBytes + bytes.readInt32BE(start + field.length));
}

/** Whether a batch, as it came, is what its producer and broker had. */
export function isIntact(batch: Buffer): boolean {
  return batch.readUInt32BE(field.checksum) === crc32c(batch, field.attributes);
}

/** Exact up to 2^53, which offsets, timestamps and producer ids never reach. */
function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}
