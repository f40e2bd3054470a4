import { describe, expect, it } from '@jest/globals';
import { PartitionQueue } from '../../../../../lib/engine/client/produce/partition-queue.js';
import { PendingRecord } from '../../../../../lib/engine/client/produce/pending-record.js';

const mebibyte = 1_048_576;
const never = Number.MAX_SAFE_INTEGER;
const producer = { producerId: 7, epoch: 0 };

function record(value: string, deadline = never, compression: 'none' | 'gzip' = 'none'): PendingRecord {
  const fields = { topic: 'orders', key: null, headers: [], timestamp: 0, compression };
  const pending = new PendingRecord({ ...fields, value: Buffer.from(value) }, deadline, () => undefined);
  pending.stored.catch(() => undefined);
  return pending;
}

function queueOf(...records: PendingRecord[]): PartitionQueue {
  const queue = new PartitionQueue('orders', 0);
  for (const one of records) queue.add(one);
  return queue;
}

const valuesOf = (batch: { records: readonly PendingRecord[] } | undefined) =>
  batch?.records.map(({ record }) => String(record.value));

describe('the records for a partition', () => {
  it('go in batches of what has room; the first of a request goes whatever its size', () => {
    const size = record('a').size;
    const queue = queueOf(record('a'), record('b'), record('c'));

    const first = queue.take(61 + 2 * size, false)!;
    expect(valuesOf(first)).toEqual(['a', 'b']);
    queue.stored(first, 0);
    expect(queue.take(10, false)).toBeUndefined();
    expect(valuesOf(queue.take(10, true))).toEqual(['c']);
  });

  it('are not compressed in one batch with those that are not', () => {
    const queue = queueOf(record('a'), record('b', never, 'gzip'));

    expect(valuesOf(queue.take(mebibyte, true))).toEqual(['a']);
  });

  it('wait while a batch is under way, and while the partition rests', () => {
    const queue = queueOf(record('a'));
    const batch = queue.take(mebibyte, true)!;
    queue.add(record('b'));
    expect(queue.isReady).toBe(false);

    queue.stored(batch, 0);
    expect(queue.isReady).toBe(true);
    queue.isResting = true;
    expect(queue.isReady).toBe(false);
  });

  it('keep their sequence in a repeat, and move it on only when they are stored', () => {
    const queue = queueOf(record('a'), record('b'));
    const batch = queue.take(mebibyte, true)!;
    expect(queue.signature(producer)).toEqual({ producerId: 7, epoch: 0, sequence: 0 });

    queue.add(record('c'));
    queue.failed(batch, new Error('lost'));
    expect(queue.take(mebibyte, true)).toBe(batch);
    expect(queue.signature(producer).sequence).toBe(0);
    queue.stored(batch, 0);
    expect(queue.signature(producer).sequence).toBe(2);
  });

  it('are split with the sequence they had', () => {
    const queue = queueOf(record('a'), record('b'), record('c'));
    const batch = queue.take(mebibyte, true)!;
    queue.signature(producer);

    queue.split(batch);

    const first = queue.take(mebibyte, true)!;
    expect([valuesOf(first), queue.signature(producer).sequence]).toEqual([['a'], 0]);
    queue.stored(first, 0);
    expect([valuesOf(queue.take(mebibyte, true)), queue.signature(producer).sequence]).toEqual([['b', 'c'], 1]);
  });

  it('begin a new epoch when one in doubt is given up, not when one is that is refused', () => {
    const queue = queueOf(record('a', 10), record('b', 20));
    const inDoubt = queue.take(70 + record('a').size, true)!;
    queue.signature(producer);
    inDoubt.inDoubt = true;
    queue.failed(inDoubt, new Error('lost'));
    queue.expire(10);
    expect(queue.signature(producer)).toEqual({ producerId: 7, epoch: 1, sequence: 0 });

    queue.refuse(queue.take(mebibyte, true)!, new Error('too large'));
    expect(queue.signature(producer)).toEqual({ producerId: 7, epoch: 1, sequence: 0 });
  });

  it('take another producer id when theirs is fenced, or has no epochs left', () => {
    const queue = queueOf();
    queue.signature(producer);
    expect(queue.renew(true)).toBe(7);
    queue.signature({ producerId: 8, epoch: 0 });

    for (let epoch = 0; epoch < 0x7fff; epoch++) expect(queue.renew(false)).toBeUndefined();
    expect(queue.signature({ producerId: 8, epoch: 0 }).epoch).toBe(0x7fff);
    expect(queue.renew(false)).toBe(8);
  });

  it('begin with sequence 0 again after 2^31 of them', () => {
    const queue = queueOf(record('a'), record('b'));
    queue.signature(producer).sequence = 2 ** 31 - 1;

    queue.stored(queue.take(mebibyte, true)!, 0);

    expect(queue.signature(producer).sequence).toBe(1);
  });

  it('that are too late are told whether they may be stored', async () => {
    const [sent, unsent] = [record('a', 10), record('b', 10)];
    const queue = queueOf(sent, unsent, record('c', 11));
    const batch = queue.take(70 + sent.size, true)!;
    batch.inDoubt = true;
    queue.failed(batch, new Error('Closed connection'));

    queue.expire(10);

    await expect(sent.stored).rejects.toThrow('in time, it may or may not be stored; last: Closed connection');
    await expect(unsent.stored).rejects.toThrow('in time, it is not stored');
    expect(valuesOf(queue.take(mebibyte, true))).toEqual(['c']);
  });
});
