import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { BufferWriter, varintBytesSize, varintSize } from '../connection/buffer-writer.js';
import { crc32c } from '../fetch/crc32c.js';
import type { PendingRecord, RecordToSend } from './pending-record.js';

/** Who wrote a batch, and how many records it has written to the partition before: brokers tell repeats by it (KIP-98). */
export interface ProducerState {
  producerId: number;
  epoch: number;
  sequence: number;
}

const magic = 2;
const codec = { none: 0, gzip: 1 };
const transactional = 0x10;
const compress = promisify(gzip);

/** Bytes before the records. @see https://kafka.apache.org/documentation/#recordbatch */
export const batchOverhead = 61;
const checksumAt = 17;
const lengthAndOffsetBytes = 12;

/** Records that are stored together or not at all. It never changes: a broker knows a repeat by its first and last record. */
export class Batch {
  /** Whether it may be stored although nobody said so. */
  inDoubt = false;
  private content: Promise<Buffer> | undefined;

  constructor(readonly records: readonly PendingRecord[]) {}

  /** Bytes it takes in a request, at most. */
  get size(): number {
    return this.records.reduce((size, record) => size + record.size, batchOverhead);
  }

  /** Of its oldest record. */
  get deadline(): number {
    return this.records[0]!.deadline;
  }

  /** Two that together are this one. */
  split(): [Batch, Batch] {
    const middle = this.records.length >> 1;
    return [new Batch(this.records.slice(0, middle)), new Batch(this.records.slice(middle))];
  }

  /** In the format of Kafka 0.11 and later. */
  async encode(producer: ProducerState, isTransactional = false): Promise<Buffer> {
    this.content ??= this.encodeContent();
    const content = await this.content;
    const { firstTimestamp, maxTimestamp } = this;
    const writer = new BufferWriter(Buffer.allocUnsafe(batchOverhead + content.length));
    writer.int64(0).int32(writer.buffer.length - lengthAndOffsetBytes); // the broker chooses the offset
    writer.int32(-1).int8(magic).skipInt32();
    writer.int16(codec[this.compression] | (isTransactional ? transactional : 0)).int32(this.records.length - 1);
    writer.int64(firstTimestamp).int64(maxTimestamp);
    writer.int64(producer.producerId).int16(producer.epoch).int32(producer.sequence);
    writer.int32(this.records.length).raw(content);
    writer.buffer.writeUInt32BE(crc32c(writer.buffer, checksumAt + 4), checksumAt);
    return writer.buffer;
  }

  private get compression(): RecordToSend['compression'] {
    return this.records[0]!.record.compression;
  }

  private get firstTimestamp(): number {
    return this.records[0]!.record.timestamp;
  }

  private get maxTimestamp(): number {
    return this.records.reduce((latest, { record }) => Math.max(latest, record.timestamp), this.firstTimestamp);
  }

  private async encodeContent(): Promise<Buffer> {
    const writer = new BufferWriter(Buffer.allocUnsafe(this.size));
    this.records.forEach(({ record }, at) => writeRecord(writer, record, at, record.timestamp - this.firstTimestamp));
    return this.compression === 'gzip' ? compress(writer.written) : writer.written;
  }
}

function writeRecord(writer: BufferWriter, record: RecordToSend, offset: number, timestamp: number): void {
  const { key, value, headers } = record;
  let length = 1 + varintSize(timestamp) + varintSize(offset) + varintBytesSize(key) + varintBytesSize(value);
  const names = headers.map(([name]) => Buffer.from(name));
  length += varintSize(headers.length);
  headers.forEach(([, bytes], at) => (length += varintBytesSize(names[at]!) + varintBytesSize(bytes)));
  writer.varint(length).int8(0).varint(timestamp).varint(offset).varintBytes(key).varintBytes(value);
  writer.varint(headers.length);
  headers.forEach(([, bytes], at) => writer.varintBytes(names[at]!).varintBytes(bytes));
}
