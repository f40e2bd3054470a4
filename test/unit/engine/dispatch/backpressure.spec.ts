import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AssignedPartition } from '../../../../lib/engine/dispatch/assigned-partition.js';
import { Backpressure, type InFlightLimits } from '../../../../lib/engine/dispatch/backpressure.js';
import { planTopic } from '../../../../lib/engine/dispatch/topic-plan.js';
import type { Lane } from '../../../../lib/engine/dispatch/lane.js';
import { record } from '../../../support/records.js';

/** A partition whose records are admitted and completed by the spec. */
class Held {
  readonly assigned: AssignedPartition;
  private readonly taken: Lane[] = [];
  private next = 0;

  constructor(
    private readonly backpressure: Backpressure,
    paused: Set<number>,
    private readonly partition: number,
  ) {
    const plan = { ...planTopic([], []), order: 'unordered' as const };
    this.assigned = new AssignedPartition({ topic: 'orders', partition, offset: 0 }, { completed: [] }, plan, {
      ready: () => undefined,
      retired: () => undefined,
      paused: () => void paused.add(partition),
      resumed: () => void paused.delete(partition),
    });
  }

  admit(count: number, size = 0): void {
    const { partition } = this;
    const records = Array.from({ length: count }, () =>
      record({ topic: 'orders', partition, offset: this.next++, size }),
    );
    this.assigned.admit(records, this.next);
    for (let lane = this.assigned.take(); lane; lane = this.assigned.take()) this.taken.push(lane);
    this.backpressure.look(this.assigned);
  }

  complete(count: number): void {
    for (const lane of this.taken.splice(0, count)) {
      this.assigned.complete(lane);
      this.assigned.release(lane);
      this.backpressure.look(this.assigned);
    }
  }
}

describe('Backpressure', () => {
  let paused: Set<number>;
  let partitions: Held[];

  function divide(count: number, limits: Partial<InFlightLimits> = {}): Held[] {
    paused = new Set();
    const backpressure = new Backpressure({ maxInFlightRecords: 100, maxInFlightBytes: 1_000_000, ...limits });
    partitions = Array.from({ length: count }, (_, partition) => new Held(backpressure, paused, partition));
    backpressure.divideAmong(partitions.map(({ assigned }) => assigned));
    return partitions;
  }

  it('tells since when what is paused is', () => {
    const backpressure = new Backpressure({ maxInFlightRecords: 10, maxInFlightBytes: 1_000_000 });
    const held = new Held(backpressure, new Set(), 0);
    backpressure.divideAmong([held.assigned]);
    const before = Date.now();
    held.admit(10);
    expect([...backpressure.pausedSince.keys()]).toEqual([held.assigned]);
    expect(backpressure.pausedSince.get(held.assigned)).toBeGreaterThanOrEqual(before);
    held.complete(10);
    expect(backpressure.pausedSince.size).toBe(0);
  });

  beforeEach(() => void divide(1));

  it.each<[string, Partial<InFlightLimits>, number]>([
    ['records', { maxInFlightRecords: 100 }, 1],
    ['bytes', { maxInFlightRecords: 10_000, maxInFlightBytes: 1_000 }, 10],
  ])('pauses a partition at the limit in %s, and resumes it at half of that', (_, limits, size) => {
    const [held] = divide(1, limits);
    held!.admit(99, size);
    expect(paused.size).toBe(0);

    held!.admit(1, size);
    expect(paused.size).toBe(1);

    held!.complete(49);
    expect(paused.size).toBe(1);

    held!.complete(1);
    expect(paused.size).toBe(0);
  });

  it('leaves each partition its share, whatever one of them holds', () => {
    const [hog, other] = divide(2);
    hog!.admit(75);
    expect([...paused]).toEqual([0]);

    other!.admit(24);
    expect([...paused]).toEqual([0]);

    other!.admit(1);
    expect([...paused]).toEqual([0, 1]);
  });

  it('resumes who waits for what another gives back', () => {
    const [hog, other] = divide(2);
    hog!.admit(75);
    other!.admit(25);
    expect([...paused]).toEqual([0, 1]);

    hog!.complete(75);

    expect([...paused]).toEqual([]);
  });

  it('leaves room for each of five hundred partitions', () => {
    const all = divide(500, { maxInFlightRecords: 10_000 });
    all[0]!.admit(5_010);
    for (const other of all.slice(1)) other.admit(9);

    expect([...paused]).toEqual([0]);
  });

  it('never forgets a partition that it has paused', () => {
    const step = fc.record({ partition: fc.nat(2), admit: fc.nat(60), complete: fc.nat(60) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const all = divide(3, { maxInFlightRecords: 60 });
        for (const { partition, admit, complete } of steps) {
          if (!paused.has(partition)) all[partition]!.admit(admit);
          all[partition]!.complete(complete);
          for (const held of paused) expect(all[held]!.assigned.load.records).toBeGreaterThan(5);
        }
        for (const held of all) held.complete(Infinity);
        expect([...paused]).toEqual([]);
      }),
    );
  });
});
