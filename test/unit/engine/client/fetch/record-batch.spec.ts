import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ConsumedRecord } from '../../../../../lib/engine/client/consumer-client.js';
import {
  decodeRecords,
  isControl,
  isTransactional,
  scanBatches,
} from '../../../../../lib/engine/client/fetch/record-batch.js';
import { encodeBatch, encodeMarker, withAttribute, type EncodedRecord } from '../../../../support/record-batches.js';

const partition = { topic: 'orders', partition: 3 };

describe('scanBatches', () => {
  it('finds every batch, with its first and last offset', async () => {
    const bytes = await batches([{ offset: 5 }, { offset: 6 }], [{ offset: 7 }]);

    expect([...scanBatches(bytes)].map(({ baseOffset, lastOffset, count }) => [baseOffset, lastOffset, count])).toEqual(
      [
        [5, 6, 2],
        [7, 7, 1],
      ],
    );
  });

  it('leaves out a last batch that was cut off, wherever the cut is', async () => {
    const whole = await batches([{ offset: 5 }]);
    const cutOff = await batches([{ offset: 6, value: Buffer.alloc(50) }]);

    for (let length = 0; length < cutOff.length; length++) {
      const bytes = Buffer.concat([whole, cutOff.subarray(0, length)]);
      expect([...scanBatches(bytes)].map(({ baseOffset }) => baseOffset)).toEqual([5]);
    }
  });

  it('refuses formats of before Kafka 0.11, and says which', async () => {
    const bytes = await batches([{ offset: 5 }]);
    bytes.writeInt8(1, 16);

    expect(() => [...scanBatches(bytes)]).toThrow('Record batch at offset 5 is of format 1; only format 2');
  });

  it('refuses a message of an old format that is shorter than the header of a batch', async () => {
    const bytes = Buffer.alloc(40);
    bytes.writeBigInt64BE(5n, 0);
    bytes.writeInt32BE(28, 8);
    bytes.writeInt8(1, 16);

    expect(() => [...scanBatches(bytes)]).toThrow('Record batch at offset 5 is of format 1; only format 2');
  });

  it.each([-100, -12, -1, 0, 20])('refuses a batch that says it is %d bytes long', async (length) => {
    const bytes = await batches([{ offset: 5 }]);
    bytes.writeInt32BE(length, 8);

    expect(() => [...scanBatches(bytes)]).toThrow();
  });

  it('tells control and transactional batches', async () => {
    const bytes = Buffer.concat([
      await encodeBatch([{ offset: 0 }]),
      await encodeBatch([{ offset: 1 }], { transactional: true }),
      await encodeMarker('commit', 2, 9),
    ]);

    const found = [...scanBatches(bytes)];

    expect(found.map(isTransactional)).toEqual([false, true, true]);
    expect(found.map(isControl)).toEqual([false, false, true]);
    expect(found[2]!.producerId).toBe(9);
  });
});

describe('decodeRecords', () => {
  it('gives back what was encoded', async () => {
    const [key, value] = [Buffer.from('k'), Buffer.from('v')];
    const bytes = await encodeBatch([{ offset: 5, timestamp: 1_700_000_000_123, key, value }], {
      firstTimestamp: 1_700_000_000_000,
    });

    expect(await decode(bytes)).toEqual([
      { ...partition, offset: 5, timestamp: 1_700_000_000_123, key, value, headers: [] },
    ]);
  });

  it('decompresses', async () => {
    const records = Array.from({ length: 100 }, (_, n) => ({ offset: n, value: Buffer.from(`value ${n}`) }));

    const decoded = await decode(await encodeBatch(records, { compression: 'gzip' }));

    expect(decoded.map(({ value }) => String(value))).toEqual(records.map(({ value }) => String(value)));
  });

  it('tells null from empty', async () => {
    const [nothing, empty] = await decode(
      await batches([{ offset: 0 }, { offset: 1, key: Buffer.alloc(0), value: Buffer.alloc(0) }]),
    );

    expect([nothing!.key, nothing!.value]).toEqual([null, null]);
    expect([empty!.key, empty!.value]).toEqual([Buffer.alloc(0), Buffer.alloc(0)]);
  });

  it('keeps headers in order, repeated ones too', async () => {
    const [a, b] = [Buffer.from('a'), Buffer.from([0xff])];

    const [decoded] = await decode(await batches([{ offset: 0, headers: { via: [a, b], größe: a } }]));

    expect(decoded!.headers).toEqual([
      ['via', a],
      ['via', b],
      ['größe', a],
    ]);
  });

  it('begins at the given offset inside the batch', async () => {
    const [batch] = scanBatches(await batches([{ offset: 5 }, { offset: 6 }, { offset: 7 }]));

    expect((await decodeRecords(batch!, 6, partition)).map(({ offset }) => offset)).toEqual([6, 7]);
  });

  it('keeps the gaps that a compaction has left', async () => {
    const bytes = await encodeBatch([{ offset: 7 }, { offset: 12 }], { baseOffset: 5, lastOffset: 20 });

    expect((await decode(bytes)).map(({ offset }) => offset)).toEqual([7, 12]);
  });

  it('has the time of the append where the topic says so', async () => {
    const bytes = await encodeBatch([{ offset: 0, timestamp: 1000 }], { firstTimestamp: 1000, maxTimestamp: 5000 });

    const [decoded] = await decode(withAttribute(bytes, 0x08));

    expect(decoded!.timestamp).toBe(5000);
  });

  it('names the codec that is missing', async () => {
    const bytes = withAttribute(await batches([{ offset: 0 }]), 2);

    await expect(decode(bytes)).rejects.toThrow('Snappy');
  });

  it('refuses a batch that has fewer records than it says', async () => {
    const bytes = await batches([{ offset: 0 }]);
    bytes.writeInt32BE(2, 57);

    await expect(decode(bytes)).rejects.toThrow('Truncated');
  });

  it('gives back any batch of records', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(2 ** 40), fc.array(anyRecord, { minLength: 1 }), fc.boolean(), async (base, any, zip) => {
        let offset = base;
        const records = any.map(({ gap, ...fields }) => ({ ...fields, offset: (offset += gap + 1) }));

        const decoded = await decode(await encodeBatch(records, { compression: zip ? 'gzip' : 'none' }));

        expect(decoded).toEqual(records.map((fields) => ({ ...partition, ...fields, headers: [] })));
      }),
    );
  });
});

const bytes = fc.option(fc.uint8Array().map((array) => Buffer.from(array)));
const anyRecord = fc.record({ gap: fc.nat(1000), timestamp: fc.nat(2 ** 45), key: bytes, value: bytes });

async function batches(...contents: EncodedRecord[][]): Promise<Buffer> {
  return Buffer.concat(await Promise.all(contents.map((records) => encodeBatch(records))));
}

async function decode(encoded: Buffer): Promise<ConsumedRecord[]> {
  const [batch] = scanBatches(encoded);
  return decodeRecords(batch!, batch!.baseOffset, partition);
}
