import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PartitionLog } from '../../../../lib/testing/embedded/log/partition-log.js';
import { parseBatch, type RecordBatch } from '../../../../lib/testing/embedded/log/record-batch.js';
import { decodeRecords, encodeRecords } from '../../../../lib/testing/embedded/log/records.js';

function batch(count: number, { timestamp = 1000, size = 1 } = {}): RecordBatch {
  const value = Buffer.alloc(size);
  return encodeRecords(
    Array.from({ length: count }, (_, i) => ({ timestamp: timestamp + i, key: null, value, headers: [] })),
  );
}

function batchOf(producerId: number, producerEpoch: number, baseSequence: number, transactional = false): RecordBatch {
  const { bytes } = batch(1);
  bytes.writeBigInt64BE(BigInt(producerId), 43);
  bytes.writeInt16BE(producerEpoch, 51);
  bytes.writeInt32BE(baseSequence, 53);
  if (transactional) bytes.writeInt16BE(0x10, 21);
  return parseBatch(bytes);
}

const all = { from: 0, maxBytes: 1_000_000 };

describe('a partition log', () => {
  test('numbers records in the order they are appended', () => {
    const log = new PartitionLog();
    expect([log.append(batch(3)), log.append(batch(2))]).toEqual([0, 3]);
    expect([log.startOffset, log.endOffset]).toEqual([0, 5]);
  });

  test('keeps the bytes it is given, but for offset and leader epoch', () => {
    const log = new PartitionLog();
    log.append(batch(1));
    const given = batch(2);
    const before = Buffer.from(given.bytes);
    log.append(given, { leaderEpoch: 7 });
    const [, stored = Buffer.alloc(0)] = log.read(all).batches;
    expect(stored.subarray(16)).toEqual(before.subarray(16));
    expect([stored.readBigInt64BE(0), stored.readInt32BE(12)]).toEqual([1n, 7]);
  });

  test('reads from the batch that holds an offset', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 }),
        fc.nat(),
        (sizes, seed) => {
          const log = new PartitionLog();
          for (const size of sizes) log.append(batch(size));
          const from = seed % log.endOffset;
          const records = log.read({ ...all, from }).batches.flatMap((bytes) => decodeRecords(parseBatch(bytes)));
          const offsets = records.map(({ offset }) => offset);
          expect(offsets[0]).toBeLessThanOrEqual(from);
          expect(offsets).toContain(from);
          expect(offsets.at(-1)).toBe(log.endOffset - 1);
        },
      ),
      { seed: 1, numRuns: 100 },
    );
  });

  test('stops before the batch that is too long, unless it is to give one at least', () => {
    const log = new PartitionLog();
    log.append(batch(1, { size: 100 }));
    log.append(batch(1, { size: 100 }));
    expect(log.read({ from: 0, maxBytes: 200 }).batches).toHaveLength(1);
    expect(log.read({ from: 0, maxBytes: 10 }).batches).toHaveLength(0);
    expect(log.read({ from: 0, maxBytes: 10, atLeastOne: true }).batches).toHaveLength(1);
  });

  test.each([-1, 2])('refuses offset %i out of range', (from) => {
    const log = new PartitionLog();
    log.append(batch(1));
    expect(() => log.read({ ...all, from })).toThrow(expect.objectContaining({ reason: 'OFFSET_OUT_OF_RANGE' }));
  });

  test('finds the first record of a time or later', () => {
    const log = new PartitionLog();
    log.append(batch(3, { timestamp: 100 }));
    log.append(batch(3, { timestamp: 200 }));
    expect([50, 101, 103, 202, 203].map((time) => log.at(time)?.offset)).toEqual([0, 1, 3, 5, undefined]);
  });

  test('begins later when records are deleted', () => {
    const log = new PartitionLog();
    for (let i = 0; i < 3; i++) log.append(batch(2));
    expect(log.deleteBefore(3)).toBe(3);
    expect(log.all()).toHaveLength(2);
    expect(() => log.read({ ...all, from: 2 })).toThrow();
    expect(log.deleteBefore(1)).toBe(3);
    expect(log.deleteBefore(-1)).toBe(6);
    expect(() => log.deleteBefore(7)).toThrow(expect.objectContaining({ reason: 'OFFSET_OUT_OF_RANGE' }));
  });

  test('tells who waits of what comes', () => {
    const log = new PartitionLog();
    let told = 0;
    const unsubscribe = log.changed.subscribe(() => told++);
    log.append(batch(1));
    unsubscribe();
    log.append(batch(1));
    expect(told).toBe(1);
  });
});

describe('an idempotent producer', () => {
  test('has its last five batches recognised, wherever the repeats come', () => {
    const log = new PartitionLog();
    for (let i = 0; i < 6; i++) log.append(batchOf(1, 0, i));
    for (let i = 1; i < 6; i++) expect(log.append(batchOf(1, 0, i))).toBe(i);
    expect(() => log.append(batchOf(1, 0, 0))).toThrow(
      expect.objectContaining({ reason: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
    );
    expect(log.endOffset).toBe(6);
  });

  test('starts over at 0 with a new epoch, which fences the old one', () => {
    const log = new PartitionLog();
    log.append(batchOf(1, 0, 0));
    expect(() => log.append(batchOf(1, 1, 1))).toThrow();
    expect(log.append(batchOf(1, 1, 0))).toBe(1);
    expect(() => log.append(batchOf(1, 0, 1))).toThrow(expect.objectContaining({ reason: 'INVALID_PRODUCER_EPOCH' }));
  });

  test('does not disturb others', () => {
    const log = new PartitionLog();
    expect([log.append(batchOf(1, 0, 0)), log.append(batchOf(2, 0, 0)), log.append(batchOf(1, 0, 1))]).toEqual([
      0, 1, 2,
    ]);
  });

  test('has sequences that wrap around', () => {
    const log = new PartitionLog();
    log.append(batchOf(1, 0, 2 ** 31 - 1));
    expect(log.append(batchOf(1, 0, 0))).toBe(1);
  });
});

describe('a transaction', () => {
  test('holds back readers of committed records until it ends', () => {
    const log = new PartitionLog();
    log.append(batch(1));
    log.append(batchOf(1, 0, 0, true));
    log.append(batch(1));
    expect(log.lastStableOffset).toBe(1);
    expect(log.read({ ...all, committedOnly: true }).batches).toHaveLength(1);
    log.endTransaction(1, 0, true);
    expect(log.lastStableOffset).toBe(4);
    expect(log.read({ ...all, committedOnly: true })).toMatchObject({ aborted: [] });
  });

  test('that is aborted is named to readers of what it touched', () => {
    const log = new PartitionLog();
    log.append(batchOf(1, 0, 0, true));
    log.endTransaction(1, 0, false);
    log.append(batch(1));
    const aborted = [{ producerId: 1, firstOffset: 0, lastOffset: 1 }];
    expect(log.read({ ...all, committedOnly: true }).aborted).toEqual(aborted);
    expect(log.read({ ...all, from: 2, committedOnly: true }).aborted).toEqual([]);
  });

  test('fences older epochs of its producer when it ends', () => {
    const log = new PartitionLog();
    log.append(batchOf(1, 0, 0, true));
    log.endTransaction(1, 1, false);
    expect(() => log.append(batchOf(1, 0, 1, true))).toThrow(
      expect.objectContaining({ reason: 'INVALID_PRODUCER_EPOCH' }),
    );
  });
});
