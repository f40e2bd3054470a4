// @ts-expect-error: kafkajs declares no types for its inner modules
import KafkajsEncoder from 'kafkajs/src/protocol/encoder.js';
// @ts-expect-error: see above
import kafkajsRecord from 'kafkajs/src/protocol/recordBatch/record/v0/index.js';
// @ts-expect-error: see above
import kafkajsRecordBatch from 'kafkajs/src/protocol/recordBatch/v0/index.js';

/** What we use of kafkajs's encoder. */
export interface Encoder {
  readonly buffer: Buffer;
  writeInt8(value: number): Encoder;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: number | string): Encoder;
  writeString(value: string): Encoder;
  writeBuffer(value: Buffer): Encoder;
  writeVarInt(value: number): Encoder;
  writeVarLong(value: number): Encoder;
}

export const newEncoder = (): Encoder => new (KafkajsEncoder as new () => Encoder)();

export interface EncodedRecord {
  offset: number;
  timestamp?: number;
  key?: Buffer | null;
  value?: Buffer | null;
  headers?: Record<string, Buffer | Buffer[]>;
}

export interface BatchOptions {
  baseOffset?: number;

  /** @default that of the last record; higher when a compaction has removed the last records */
  lastOffset?: number;
  firstTimestamp?: number;
  maxTimestamp?: number;
  compression?: 'none' | 'gzip';
  transactional?: boolean;
  producerId?: number;
}

const codecs = { none: 0, gzip: 1 };

/** A record batch as a broker stores it, encoded by kafkajs. */
export async function encodeBatch(records: EncodedRecord[], options: BatchOptions = {}): Promise<Buffer> {
  const { baseOffset = records[0]?.offset ?? 0, firstTimestamp = 0, maxTimestamp = firstTimestamp } = options;
  const lastOffset = options.lastOffset ?? records.at(-1)?.offset ?? baseOffset;
  const encoded = records.map(({ offset, timestamp = firstTimestamp, key = null, value = null, headers }) =>
    encodeRecord({
      offsetDelta: offset - baseOffset,
      timestampDelta: timestamp - firstTimestamp,
      key,
      value,
      headers,
    }),
  );
  const { buffer } = await encodeRecordBatch({
    compression: codecs[options.compression ?? 'none'],
    firstOffset: baseOffset,
    lastOffsetDelta: lastOffset - baseOffset,
    firstTimestamp,
    maxTimestamp,
    transactional: options.transactional ?? false,
    producerId: options.producerId ?? -1,
    records: encoded,
  });
  return buffer;
}

/** The control batch that ends a producer's transaction. */
export async function encodeMarker(kind: 'abort' | 'commit', offset: number, producerId: number): Promise<Buffer> {
  const key = newEncoder()
    .writeInt16(0)
    .writeInt16(kind === 'abort' ? 0 : 1).buffer;
  const batch = await encodeBatch([{ offset, key, value: Buffer.alloc(6) }], { transactional: true, producerId });
  return withAttribute(batch, 0x20);
}

/** Sets a flag that kafkajs never writes; the decoder does not look at the checksum. */
export function withAttribute(batch: Buffer, flag: number): Buffer {
  const changed = Buffer.from(batch);
  changed.writeInt16BE(changed.readInt16BE(attributesAt) | flag, attributesAt);
  return changed;
}

const attributesAt = 21;
const encodeRecord = kafkajsRecord as (record: object) => Encoder;
const { RecordBatch: encodeRecordBatch } = kafkajsRecordBatch as {
  RecordBatch: (batch: object) => Promise<Encoder>;
};
