import { describe, expect, it } from '@jest/globals';
import { isIntact, RecordBatch, scanBatches } from '../../../../../lib/engine/client/fetch/record-batch.js';
import { encodeBatch, encodeMarker, withAttribute, type EncodedRecord } from '../../../../support/record-batches.js';

describe('scanBatches', () => {
  it('finds where the batches end, in bytes and offsets', async () => {
    const bytes = await batches([{ offset: 5 }, { offset: 6 }], [{ offset: 7 }]);

    expect(scanBatches(bytes)).toEqual({ length: bytes.length, next: 8, cutOff: undefined, fault: undefined });
  });

  it('finds nothing in nothing', () => {
    expect(scanBatches(Buffer.alloc(0))).toEqual({ length: 0, next: undefined, cutOff: undefined, fault: undefined });
  });

  it('leaves out a last batch that was cut off, wherever the cut is, and tells its size if that is there', async () => {
    const whole = await batches([{ offset: 5 }]);
    const cutOff = await batches([{ offset: 6, value: Buffer.alloc(50) }]);

    for (let length = 1; length < cutOff.length; length++) {
      const scanned = scanBatches(Buffer.concat([whole, cutOff.subarray(0, length)]));
      const size = length > 16 ? cutOff.length : undefined;
      expect(scanned).toEqual({ length: whole.length, next: 6, cutOff: size, fault: undefined });
    }
  });

  it('knows the offset behind records that a compaction has removed', async () => {
    expect(scanBatches(await encodeBatch([], { baseOffset: 6, lastOffset: 15 })).next).toBe(16);
  });

  it('has what is before a batch that it cannot read', async () => {
    const good = await batches([{ offset: 5 }]);
    const bad = await batches([{ offset: 6 }]);
    bad.writeInt8(1, 16);

    const { length, next, fault } = scanBatches(Buffer.concat([good, bad]));

    expect([length, next]).toEqual([good.length, 6]);
    expect(fault?.message).toContain('Record batch at offset 6 is of format 1; only format 2');
  });

  it('refuses a message of an old format that is shorter than the header of a batch', () => {
    const bytes = Buffer.alloc(40);
    bytes.writeBigInt64BE(5n, 0);
    bytes.writeInt32BE(28, 8);
    bytes.writeInt8(1, 16);

    expect(scanBatches(bytes).fault?.message).toContain('Record batch at offset 5 is of format 1; only format 2');
  });

  it.each([-100, -12, -1, 0, 20])('refuses a batch that says it is %d bytes long', async (length) => {
    const bytes = await batches([{ offset: 5 }]);
    bytes.writeInt32BE(length, 8);

    expect(scanBatches(bytes).fault?.message).toMatch(/^Record batch at offset 5 says it is -?\d+ bytes long/);
  });

  it.each([
    ['offsets', 23],
    ['records', 57],
  ])('refuses a batch with a negative number of %s', async (_, at) => {
    const bytes = await batches([{ offset: 5 }]);
    bytes.writeInt32BE(-1, at);

    expect(scanBatches(bytes).fault?.message).toContain('Record batch at offset 5');
  });
});

describe('RecordBatch', () => {
  const partition = { topic: 'orders', partition: 3 };

  it('has what its header says', async () => {
    const encoded = await encodeBatch([{ offset: 5 }, { offset: 8 }], {
      lastOffset: 9,
      firstTimestamp: 1000,
      maxTimestamp: 5000,
      producerId: 7,
    });

    expect(new RecordBatch(partition, { bytes: encoded }, 0)).toMatchObject({
      ...partition,
      baseOffset: 5,
      lastOffset: 9,
      count: 2,
      producerId: 7,
      baseTimestamp: 1000,
    });
  });

  it('has the time of the append where the topic says so', async () => {
    const encoded = await encodeBatch([{ offset: 5 }], { firstTimestamp: 1000, maxTimestamp: 5000 });

    expect(new RecordBatch(partition, { bytes: withAttribute(encoded, 0x08) }, 0).baseTimestamp).toBe(5000);
  });

  it('tells control, transactional and compressed batches', async () => {
    const found = [
      await encodeBatch([{ offset: 0 }]),
      await encodeBatch([{ offset: 1 }], { transactional: true }),
      await encodeMarker('commit', 2, 9),
      await encodeBatch([{ offset: 3 }], { compression: 'gzip' }),
    ].map((encoded) => new RecordBatch(partition, { bytes: encoded }, 0));

    expect(found.map(({ isTransactional }) => isTransactional)).toEqual([false, true, true, false]);
    expect(found.map(({ isControl }) => isControl)).toEqual([false, false, true, false]);
    expect(found.map(({ isCompressed }) => isCompressed)).toEqual([false, false, false, true]);
  });

  it('has its records between others', async () => {
    const [first, second] = [await batches([{ offset: 5 }]), await batches([{ offset: 6 }])];

    const batch = new RecordBatch(partition, { bytes: Buffer.concat([first, second, first]) }, first.length);

    expect([batch.baseOffset, batch.recordsAt, batch.recordsEnd]).toEqual([
      6,
      first.length + 61,
      first.length + second.length,
    ]);
  });

  it('is not compressed any more once it is decompressed', async () => {
    const batch = new RecordBatch(partition, { bytes: await encodeBatch([{ offset: 3 }], { compression: 'gzip' }) }, 0);

    await batch.decompress();

    expect(batch.isCompressed).toBe(false);
  });

  it('names a codec that nobody knows', async () => {
    const batch = new RecordBatch(partition, { bytes: withAttribute(await encodeBatch([{ offset: 3 }]), 5) }, 0);

    await expect(batch.decompress()).rejects.toThrow('Unknown compression codec 5');
  });
});

describe('isIntact', () => {
  it('finds a change in any byte behind the checksum, and minds no other batch', async () => {
    const other = await batches([{ offset: 5 }]);
    const batch = await batches([{ offset: 6, value: Buffer.from('value') }]);
    const bytes = Buffer.concat([other, batch, other]);
    expect(isIntact(bytes, other.length)).toBe(true);

    for (let at = 17; at < batch.length; at++) {
      const changed = Buffer.from(bytes);
      changed[other.length + at]! ^= 0x10;
      expect(isIntact(changed, other.length)).toBe(false);
    }
  });
});

async function batches(...contents: EncodedRecord[][]): Promise<Buffer> {
  return Buffer.concat(await Promise.all(contents.map((records) => encodeBatch(records))));
}
