import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ConsumedRecord } from '../../../../../lib/engine/client/consumer-client.js';
import { decodeRecords, isAbortMarker } from '../../../../../lib/engine/client/fetch/fetched-record.js';
import { RecordBatch } from '../../../../../lib/engine/client/fetch/record-batch.js';
import { encodeBatch, encodeMarker, withAttribute } from '../../../../support/record-batches.js';

const partition = { topic: 'orders', partition: 3 };

describe('decodeRecords', () => {
  it('gives back what was encoded', async () => {
    const [key, value] = [Buffer.from('k'), Buffer.from('v')];
    const bytes = await encodeBatch([{ offset: 5, timestamp: 1_700_000_000_123, key, value }], {
      firstTimestamp: 1_700_000_000_000,
    });

    expect(await decode(bytes)).toEqual([
      { ...partition, offset: 5, timestamp: 1_700_000_000_123, key, value, headers: [], size: 9 },
    ]);
  });

  it('decompresses', async () => {
    const records = Array.from({ length: 100 }, (_, n) => ({ offset: n, value: Buffer.from(`value ${n}`) }));

    const decoded = await decode(await encodeBatch(records, { compression: 'gzip' }));

    expect(decoded.map(({ value }) => String(value))).toEqual(records.map(({ value }) => String(value)));
  });

  it('tells null from empty', async () => {
    const empty = Buffer.alloc(0);
    const decoded = await decode(await encodeBatch([{ offset: 0 }, { offset: 1, key: empty, value: empty }]));

    expect(decoded.map(({ key, value }) => [key, value])).toEqual([
      [null, null],
      [empty, empty],
    ]);
  });

  it('keeps headers in order, repeated ones and empty ones too', async () => {
    const [a, b, empty] = [Buffer.from('a'), Buffer.from([0xff]), Buffer.alloc(0)];
    const headers = { via: [a, b], größe: a, none: empty };

    const [decoded] = await decode(await encodeBatch([{ offset: 0, value: a, headers }]));

    expect(decoded!.headers).toEqual([
      ['via', a],
      ['via', b],
      ['größe', a],
      ['none', empty],
    ]);
  });

  it('cuts a value out once', async () => {
    const batch = batchOf(await encodeBatch([{ offset: 0, value: Buffer.from('value') }]));

    const [record] = decodeRecords(batch, 0);

    expect(record!.value).toBe(record!.value);
  });

  it('begins at the given offset inside the batch', async () => {
    const batch = batchOf(await encodeBatch([{ offset: 5 }, { offset: 6 }, { offset: 7 }]));

    expect(decodeRecords(batch, 6).map(({ offset }) => offset)).toEqual([6, 7]);
  });

  it('keeps the gaps that a compaction has left', async () => {
    const bytes = await encodeBatch([{ offset: 7 }, { offset: 12 }], { baseOffset: 5, lastOffset: 20 });

    expect((await decode(bytes)).map(({ offset }) => offset)).toEqual([7, 12]);
  });

  it('has the time of the append where the topic says so', async () => {
    const bytes = await encodeBatch([{ offset: 0, timestamp: 1500 }], { firstTimestamp: 1000, maxTimestamp: 5000 });

    const [decoded] = await decode(withAttribute(bytes, 0x08));

    expect(decoded!.timestamp).toBe(5000);
  });

  it.each<[string, (batch: Buffer) => void, string]>([
    ['fewer records than it says', (batch) => batch.writeInt32BE(3, 57), 'Truncated'],
    ['more records than it says', (batch) => batch.writeInt32BE(1, 57), 'bytes too many'],
    ['records behind its last offset', (batch) => batch.writeInt32BE(0, 23), 'offset 1 where one from 1 to 0'],
    ['offsets that do not rise', (batch) => batch.writeInt8(0, 71), 'offset 0 where one from 1 to 1'],
    ['a record that is longer than it says', (batch) => batch.writeInt8(10, 61), 'says it ends'],
    ['a record that goes beyond its end', (batch) => batch.writeInt8(40, 66), 'Truncated'],
  ])('refuses a batch that has %s', async (_, spoil, reason) => {
    const bytes = await encodeBatch([{ offset: 0 }, { offset: 1 }]);
    spoil(bytes);

    await expect(decode(bytes)).rejects.toThrow(reason);
  });

  it('gives back any batch of records', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(2 ** 40), fc.array(anyRecord, { minLength: 1 }), fc.boolean(), async (base, any, zip) => {
        let offset = base;
        const records = any.map(({ gap, ...fields }) => ({ ...fields, offset: (offset += gap + 1) }));

        const decoded = await decode(await encodeBatch(records, { compression: zip ? 'gzip' : 'none' }));

        expect(decoded).toEqual(
          records.map(({ headers, ...fields }) => ({
            ...partition,
            ...fields,
            headers: Object.entries(headers).flatMap(([name, values]) => values.map((value) => [name, value])),
            size: expect.any(Number),
          })),
        );
      }),
    );
  });

  it('throws nothing but errors, and hands out nothing that cannot be read, whatever the bytes', async () => {
    const batch = await encodeBatch([
      { offset: 0, key: Buffer.from('key'), value: Buffer.from('value'), headers: { via: Buffer.from('a') } },
      { offset: 1, value: Buffer.from('another value') },
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 61, max: batch.length - 1 }), fc.nat(255), (at, byte) => {
        const spoilt = Buffer.from(batch);
        spoilt[at] = byte;
        for (const record of tryToDecode(spoilt)) {
          expect(() => toPlain(record)).not.toThrow();
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('isAbortMarker', () => {
  it('tells how a transaction ended', async () => {
    const markers = [await encodeMarker('abort', 5, 1), await encodeMarker('commit', 5, 1)];

    expect(markers.map((marker) => isAbortMarker(batchOf(marker)))).toEqual([true, false]);
  });
});

const batchOf = (bytes: Buffer): RecordBatch => new RecordBatch(partition, { bytes }, 0);

const bytes = fc.option(fc.uint8Array().map((array) => Buffer.from(array)));
const headers = fc.dictionary(
  fc.string().filter((name) => !/^\d*$/.test(name) && name !== '__proto__'),
  fc.array(
    fc.uint8Array().map((array) => Buffer.from(array)),
    { minLength: 1, maxLength: 3 },
  ),
);
const anyRecord = fc.record({ gap: fc.nat(1000), timestamp: fc.nat(2 ** 45), key: bytes, value: bytes, headers });

async function decode(encoded: Buffer): Promise<PlainRecord[]> {
  const batch = batchOf(encoded);
  if (batch.isCompressed) await batch.decompress();
  return decodeRecords(batch, batch.baseOffset).map(toPlain);
}

function tryToDecode(encoded: Buffer): ConsumedRecord[] {
  try {
    return decodeRecords(batchOf(encoded), 0);
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return [];
  }
}

type PlainRecord = Omit<ConsumedRecord, 'detach'>;

function toPlain(record: ConsumedRecord): PlainRecord {
  const { topic, partition, offset, timestamp, key, value, headers, size } = record;
  return { topic, partition, offset, timestamp, key, value, headers, size };
}
