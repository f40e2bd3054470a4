import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { crc32c } from '../../../../lib/testing/embedded/log/crc32c.js';
import { createBatch, parseBatch } from '../../../../lib/testing/embedded/log/record-batch.js';
import { decodeRecords, encodeRecords } from '../../../../lib/testing/embedded/log/records.js';

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const content = fc.record({
  timestamp: fc.integer({ min: 0, max: 2 ** 45 }),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.tuple(fc.string({ maxLength: 10 }), bytes), { maxLength: 3 }),
});

describe('records', () => {
  test('come back as they were encoded', () => {
    fc.assert(
      fc.property(fc.array(content, { minLength: 1, maxLength: 10 }), (contents) => {
        const decoded = decodeRecords(parseBatch(encodeRecords(contents).bytes));
        expect(decoded).toEqual(contents.map((one, offset) => ({ ...one, offset })));
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test('are read from gzip', () => {
    const plain = encodeRecords([{ timestamp: 1, key: null, value: Buffer.from('x'), headers: [] }]);
    const { bytes: compressed } = createBatch(
      { firstTimestamp: 1, maxTimestamp: 1, count: 1 },
      gzipSync(plain.records),
    );
    compressed.writeInt16BE(1, 21);
    expect(decodeRecords(parseBatch(compressed))).toMatchObject([{ value: Buffer.from('x') }]);
  });

  test('compressed otherwise are refused by name', () => {
    const batch = encodeRecords([{ timestamp: 1, key: null, value: null, headers: [] }]);
    batch.bytes.writeInt16BE(4, 21);
    expect(() => decodeRecords(batch)).toThrow(/codec zstd/);
  });
});

describe('a batch', () => {
  test('carries the Castagnoli checksum', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  test.each([
    ['too short', Buffer.alloc(10), 'INVALID_RECORD'],
    ['of an old format', withByte(16, 1), 'INVALID_RECORD'],
    ['cut off', encoded().subarray(0, -1), 'CORRUPT_MESSAGE'],
    ['with another number of records than its offsets', withByte(60, 2), 'INVALID_RECORD'],
    ['that only a broker may write', withByte(22, 0x20), 'INVALID_RECORD'],
  ])('%s is refused', (_, given, reason) => {
    expect(() => parseBatch(given)).toThrow(expect.objectContaining({ reason }));
  });
});

function encoded(): Buffer {
  return encodeRecords([{ timestamp: 1, key: null, value: Buffer.from('x'), headers: [] }]).bytes;
}

function withByte(at: number, value: number): Buffer {
  const batch = encoded();
  batch[at] = value;
  return batch;
}
