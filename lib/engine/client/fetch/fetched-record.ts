import { ByteReader } from '../connection/byte-reader.js';
import type { ConsumedRecord, RecordHeader } from '../consumer-client.js';
import type { RecordBatch } from './record-batch.js';

const noHeaders: readonly RecordHeader[] = [];

/** What a record needs of its batch. */
type RecordFrame = Pick<RecordBatch, 'topic' | 'partition' | 'baseOffset' | 'baseTimestamp' | 'content'>;

/** A record that knows where it is in its batch: key, value and headers are cut out of it when they are asked for. */
export class FetchedRecord implements ConsumedRecord {
  private cutValue: Buffer | null | undefined;

  /**
   * @param keyAt where the key begins in the content of the batch, with its length
   * @param hasHeaders so that those of most records need not be looked for
   */
  constructor(
    private batch: RecordFrame,
    private readonly offsetDelta: number,
    private readonly timestampDelta: number,
    readonly size: number,
    private keyAt: number,
    private readonly hasHeaders: boolean,
  ) {}

  get topic(): string {
    return this.batch.topic;
  }

  get partition(): number {
    return this.batch.partition;
  }

  get offset(): number {
    return this.batch.baseOffset + this.offsetDelta;
  }

  get timestamp(): number {
    return this.batch.baseTimestamp + this.timestampDelta;
  }

  get key(): Buffer | null {
    return this.reader().varintBytes();
  }

  get value(): Buffer | null {
    if (this.cutValue === undefined) {
      const reader = this.reader();
      reader.skipVarintBytes();
      this.cutValue = reader.varintBytes();
    }
    return this.cutValue;
  }

  get headers(): readonly RecordHeader[] {
    if (!this.hasHeaders) return noHeaders;
    const reader = this.reader();
    reader.skipVarintBytes();
    reader.skipVarintBytes();
    const headers: RecordHeader[] = [];
    for (let left = reader.varint(); left > 0; left--) {
      headers.push([reader.varintBytes()?.toString('utf8') ?? '', reader.varintBytes()]);
    }
    return headers;
  }

  detach(): void {
    const { topic, partition, baseOffset, baseTimestamp, content } = this.batch;
    const reader = this.reader();
    skipFields(reader);
    const length = reader.position - this.keyAt;
    if (length >= content.bytes.buffer.byteLength / 2) return; // it holds little else
    const bytes = Buffer.from(content.bytes.subarray(this.keyAt, reader.position));
    this.batch = { topic, partition, baseOffset, baseTimestamp, content: { bytes } };
    this.keyAt = 0;
    this.cutValue = undefined;
  }

  private reader(): ByteReader {
    return new ByteReader(this.batch.content.bytes, this.keyAt);
  }
}

/**
 * The records of a batch from the given offset on: a fetch may begin inside a batch. Goes through every one to its end,
 * so that no record is handed out that cannot be read later.
 *
 * @throws when the batch is not what its header says
 */
export function decodeRecords(batch: RecordBatch, from: number): FetchedRecord[] {
  const reader = new ByteReader(batch.content.bytes, batch.recordsAt, batch.recordsEnd);
  const records: FetchedRecord[] = [];
  let next = batch.baseOffset;
  for (let left = batch.count; left > 0; left--) {
    const record = readRecord(reader, batch);
    const { offset } = record;
    if (offset < next || offset > batch.lastOffset) throw outOfPlace(offset, next, batch);
    next = offset + 1;
    if (offset >= from) records.push(record);
  }
  if (reader.remaining > 0) throw new Error(`${reader.remaining} bytes too many behind the last record of a batch`);
  return records;
}

function readRecord(reader: ByteReader, batch: RecordBatch): FetchedRecord {
  const size = reader.varint();
  const end = reader.position + size;
  reader.skip(1); // attributes, unused
  const timestampDelta = reader.varint();
  const offsetDelta = reader.varint();
  const keyAt = reader.position;
  const hasHeaders = skipFields(reader);
  if (reader.position !== end) throw new Error(`A record says it ends at byte ${end}, and ends at ${reader.position}`);
  return new FetchedRecord(batch, offsetDelta, batch.hasAppendTime ? 0 : timestampDelta, size, keyAt, hasHeaders);
}

/** Key, value and headers. @returns whether there are headers */
function skipFields(reader: ByteReader): boolean {
  reader.skipVarintBytes();
  reader.skipVarintBytes();
  const count = reader.varint();
  for (let left = count; left > 0; left--) {
    reader.skipVarintBytes();
    reader.skipVarintBytes();
  }
  return count > 0;
}

function outOfPlace(offset: number, next: number, { lastOffset }: RecordBatch): Error {
  return new Error(`A record has offset ${offset} where one from ${next} to ${lastOffset} was expected`);
}

/** Whether a control batch is the marker that ends an aborted transaction; its record's key is (version, type). */
export function isAbortMarker(batch: RecordBatch): boolean {
  const [marker] = decodeRecords(batch, batch.baseOffset);
  return marker?.key?.readInt16BE(2) === 0;
}
