import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ConsumedRecord } from '../../../../lib/engine/client/consumer-client.js';
import { AssignedPartition } from '../../../../lib/engine/dispatch/assigned-partition.js';
import type { Lane } from '../../../../lib/engine/dispatch/lane.js';
import { planTopic } from '../../../../lib/engine/dispatch/topic-plan.js';
import type { BatchBinding } from '../../../../lib/engine/handler-binding.js';
import { largestSpan, mostOpen } from '../../../../lib/engine/offsets/commit-metadata.js';
import type { ProcessingOrder } from '../../../../lib/messaging/processing-order.js';
import { record } from '../../../support/records.js';

const calls: string[] = [];

function assign(
  order: ProcessingOrder = 'key',
  predecessor?: Promise<void>,
  batch?: BatchBinding,
  delayMs?: number,
): AssignedPartition {
  const note = (name: string) => () => void calls.push(name);
  return new AssignedPartition(
    { topic: 'orders', partition: 0, offset: 0 },
    { completed: [] },
    { ...planTopic([], []), order, batch, delayMs },
    { ready: note('ready'), retired: note('retired'), paused: note('paused'), resumed: note('resumed') },
    predecessor,
  );
}

/** Records with these keys, from an offset on. */
function admit(partition: AssignedPartition, keys: readonly (string | null)[], from = 0): ConsumedRecord[] {
  const records = keys.map((key, at) =>
    record({ offset: from + at, key: key === null ? null : Buffer.from(key), detach: jest.fn() }),
  );
  partition.admit(records, from + keys.length);
  return records;
}

function takeAll(partition: AssignedPartition): Lane[] {
  const lanes: Lane[] = [];
  for (let lane = partition.take(); lane; lane = partition.take()) lanes.push(lane);
  return lanes;
}

function finish(partition: AssignedPartition, lane: Lane): void {
  partition.complete(lane);
  partition.release(lane);
}

const offsets = (lanes: readonly Lane[]): number[] => lanes.map(({ waiting }) => waiting.first!.offset);

describe('A partition under an assignment', () => {
  beforeEach(() => {
    calls.length = 0;
  });

  it.each<[ProcessingOrder, number[], number[]]>([
    ['partition', [0], [1]],
    ['key', [0, 1, 3], [2, 4]],
    ['unordered', [0, 1, 2, 3, 4], []],
  ])('in order %s has lanes that begin with %j, and go on with %j', (order, first, then) => {
    const partition = assign(order);
    admit(partition, ['a', 'b', 'a', null, null]);
    const lanes = takeAll(partition);
    expect(offsets(lanes)).toEqual(first);

    lanes.forEach((lane) => finish(partition, lane));

    expect(offsets(takeAll(partition))).toEqual(then);
  });

  it('takes each lane once until it is released', () => {
    const partition = assign();
    admit(partition, ['a', 'a']);
    const [lane] = takeAll(partition);
    admit(partition, ['a'], 2);
    expect(partition.hasReady).toBe(false);

    finish(partition, lane!);

    expect(offsets(takeAll(partition))).toEqual([1]);
  });

  it('counts what it holds until that is completed', () => {
    const partition = assign();
    partition.admit([record({ offset: 0, size: 10 }), record({ offset: 4, size: 5 })], 5);
    expect(partition.load).toEqual({ records: 2, bytes: 15 });

    finish(partition, partition.take()!);

    expect(partition.load).toEqual({ records: 1, bytes: 5 });
    expect(partition.position.offset).toBe(4);
  });

  it('may commit a record whose handler still runs', () => {
    const partition = assign();
    admit(partition, ['a', 'a']);
    const lane = partition.take()!;

    partition.completeEarly(0);
    expect(partition.position.offset).toBe(1);
    expect(partition.hasReady).toBe(false);

    finish(partition, lane);
    expect(partition.completions).toBe(1);
    expect(offsets(takeAll(partition))).toEqual([1]);
  });

  it('is paused until no reason is left', () => {
    const partition = assign();
    admit(partition, ['a']);
    calls.length = 0;

    partition.pause('backpressure');
    partition.pause('application');
    expect(partition.hasReady).toBe(false);
    partition.resume('backpressure');
    expect(calls.filter((call) => call !== 'ready')).toEqual(['paused']);

    partition.resume('application');
    expect(calls.filter((call) => call !== 'ready')).toEqual(['paused', 'resumed']);
    expect(partition.hasReady).toBe(true);
  });

  it('starts what it holds under backpressure', () => {
    const partition = assign();
    admit(partition, ['a']);

    partition.pause('backpressure');

    expect(partition.hasReady).toBe(true);
  });

  it('starts nothing while a handler of an earlier assignment is running', async () => {
    let end: () => void = () => undefined;
    const partition = assign('key', new Promise<void>((resolve) => (end = resolve)));
    admit(partition, ['a']);
    expect(partition.hasReady).toBe(false);
    calls.length = 0;

    end();
    await Promise.resolve();

    expect(calls).toEqual(['ready']);
    expect(partition.hasReady).toBe(true);
  });

  it('is drained when its last handler has ended, and starts nothing more', async () => {
    const partition = assign();
    admit(partition, ['a', 'b']);
    partition.take();
    partition.running = 1;
    let isDrained = false;
    const drained = partition.drain().then(() => (isDrained = true));
    admit(partition, ['c'], 2);
    await Promise.resolve();
    expect([isDrained, partition.hasReady, partition.load.records]).toEqual([false, false, 2]);
    expect(partition.aborted.aborted).toBe(false);

    partition.running = 0;
    partition.settled();
    await drained;

    expect(calls.at(-1)).toBe('retired');
  });

  it('that is lost may commit nothing, aborts its handlers, and tells when they have settled', async () => {
    const partition = assign();
    partition.running = 1;
    const settled = partition.lose();
    expect([partition.isOwned, partition.aborted.aborted]).toEqual([false, true]);

    partition.running = 0;
    partition.settled();

    await settled;
    expect(assign().lose()).toBeUndefined();
  });

  describe('at a certain time', () => {
    beforeEach(() => {
      jest.useFakeTimers({ now: 1_000 });
    });

    afterEach(() => {
      jest.useRealTimers();
    });

    it('tells since when its oldest open record is there', () => {
      const partition = assign();
      expect(partition.oldestOpenSince).toBeUndefined();
      admit(partition, ['a']);
      jest.advanceTimersByTime(500);
      admit(partition, ['b'], 1);
      const [first, second] = takeAll(partition);
      expect(partition.oldestOpenSince).toBe(1_000);

      finish(partition, first!);
      expect(partition.oldestOpenSince).toBe(1_500);

      finish(partition, second!);
      expect(partition.oldestOpenSince).toBeUndefined();
    });

    it('has something due while a record is open, though the clock is set back', () => {
      const partition = assign();
      expect(partition.isDue).toBe(false);
      admit(partition, ['a']);
      jest.setSystemTime(0);
      expect(partition.isDue).toBe(true);

      finish(partition, partition.take()!);
      expect(partition.isDue).toBe(false);
    });

    it('has something due of a retry topic from when it is, not so long after it came', () => {
      const partition = assign('partition', undefined, undefined, 1_000);
      partition.admit([record({ offset: 0, timestamp: -100 }), record({ offset: 1, timestamp: 500 })], 2);
      expect(partition.isDue).toBe(true);

      finish(partition, partition.take()!);
      expect(partition.isDue).toBe(false);

      jest.advanceTimersByTime(500);
      expect(partition.isDue).toBe(true);
    });

    it('lets records that wait long go of the memory they share', () => {
      const partition = assign();
      const [old] = admit(partition, ['a']);
      jest.advanceTimersByTime(500);
      const [young] = admit(partition, ['b'], 1);

      partition.detachOlderThan(1_200);

      expect(old!.detach).toHaveBeenCalledTimes(1);
      expect(young!.detach).not.toHaveBeenCalled();
    });

    it('goes on with a lane after the delay of its retry, unless it is drained before', () => {
      const partition = assign();
      const [failing] = admit(partition, ['a']);
      partition.retry(partition.take()!, 100);
      expect(failing!.detach).toHaveBeenCalled();
      jest.advanceTimersByTime(99);
      expect(partition.hasReady).toBe(false);
      jest.advanceTimersByTime(1);
      expect(offsets(takeAll(partition))).toEqual([0]);

      const drained = assign();
      admit(drained, ['a']);
      drained.retry(drained.take()!, 100);
      void drained.drain();
      jest.advanceTimersByTime(1_000);
      expect(drained.take()).toBeUndefined();
    });

    it('waits for no more to go in a batch once it is drained, though one ends then', () => {
      const partition = assign('partition', undefined, { maxSize: 2, maxWaitMs: 60_000, handle: () => undefined });
      admit(partition, ['a', 'b', 'c']);
      const lane = partition.take()!;

      void partition.drain();
      partition.complete(lane, 2);
      partition.release(lane);

      expect(jest.getTimerCount()).toBe(0);
    });
  });

  it('completes no more above an open record than a commit can tell, and goes on when that is done', () => {
    const count = largestSpan + 2 * mostOpen;
    const partition = assign();
    admit(
      partition,
      Array.from({ length: count }, (_, key) => String(key)),
    );
    const seen: number[] = [];
    const held = partition.take()!;
    const handleAll = (): void => {
      for (let lane = partition.take(); lane; lane = partition.take()) {
        seen.push(lane.waiting.first!.offset);
        finish(partition, lane);
      }
    };

    handleAll();
    expect(seen.length).toBeLessThan(count - 1);
    expect(seen.length).toBeGreaterThanOrEqual(largestSpan - 1);
    expect(partition.metadata.length).toBeLessThanOrEqual(4_096);
    expect(partition.position.offset).toBe(0);

    finish(partition, held);
    handleAll();
    expect(seen).toHaveLength(count - 1);
    expect(new Set(seen).size).toBe(count - 1);
    expect(partition.position.offset).toBe(count);
  });
});
