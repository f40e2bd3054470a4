import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DueQueue } from '../../../../lib/engine/dispatch/due-queue.js';
import { record } from '../../../support/records.js';

const at = (offset: number, timestamp: number) => record({ offset, timestamp });

describe('A due queue', () => {
  let due: number[][];
  let queue: DueQueue;
  const hold = (...records: [offset: number, timestamp: number][]): number[] =>
    queue.hold(records.map(([offset, timestamp]) => at(offset, timestamp))).map(({ offset }) => offset);

  beforeEach(() => {
    jest.useFakeTimers({ now: 100_000 });
    due = [];
    queue = new DueQueue(10_000, (records) => due.push(records.map(({ offset }) => offset)));
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('gives out at once what is due, and holds the rest until it is', () => {
    expect(hold([0, 80_000], [1, 90_000], [2, 90_001], [3, 90_001], [4, 95_000])).toEqual([0, 1]);
    expect(queue.isEmpty).toBe(false);

    jest.advanceTimersByTime(0);
    expect(due).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(due).toEqual([[2, 3]]);
    jest.advanceTimersByTime(4_999);
    expect(due).toEqual([[2, 3], [4]]);
    expect(queue.isEmpty).toBe(true);
  });

  it('keeps the order: what is due earlier waits for what came before it', () => {
    expect(hold([0, 99_000], [1, 50_000])).toEqual([]);

    jest.advanceTimersByTime(9_000);
    expect(due).toEqual([[0, 1]]);
  });

  it('lets nothing wait longer than its delay, however far the broker’s clock is ahead', () => {
    hold([0, 999_999_999]);

    jest.advanceTimersByTime(9_999);
    expect(due).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(due).toEqual([[0]]);
  });

  it('goes on with what comes later', () => {
    hold([0, 95_000]);
    hold([1, 99_000]);

    jest.advanceTimersByTime(5_000);
    expect(due).toEqual([[0]]);
    jest.advanceTimersByTime(4_000);
    expect(due).toEqual([[0], [1]]);
  });

  it('gives out nothing once it is closed', () => {
    hold([0, 95_000]);
    queue.close();

    jest.advanceTimersByTime(60_000);
    expect(due).toEqual([]);
  });
});
