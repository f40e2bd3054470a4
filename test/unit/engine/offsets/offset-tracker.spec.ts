import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OffsetTracker } from '../../../../lib/engine/offsets/offset-tracker.js';

describe('OffsetTracker', () => {
  it('starts where the partition was assigned', () => {
    const tracker = new OffsetTracker(7);

    expect(tracker.committable).toBe(7);
    expect(tracker.openCount).toBe(0);
  });

  it('holds at the lowest open offset, whatever is completed above it', () => {
    const tracker = trackerWith(5, 6, 7);

    tracker.complete(7);
    tracker.complete(6);

    expect(tracker.committable).toBe(5);
    expect(tracker.openCount).toBe(1);
  });

  it('moves past everything once nothing is open', () => {
    const tracker = trackerWith(5, 6, 7);

    for (const offset of [7, 5, 6]) tracker.complete(offset);

    expect(tracker.committable).toBe(8);
  });

  it('moves over a gap to the next open offset', () => {
    const tracker = trackerWith(5, 9);

    tracker.complete(5);

    expect(tracker.committable).toBe(9);
  });

  it('moves past offsets that were read but hold no record', () => {
    const tracker = trackerWith(5);

    tracker.readUpTo(12);
    expect(tracker.committable).toBe(5);

    tracker.complete(5);
    expect(tracker.committable).toBe(12);
  });

  it('never goes back', () => {
    const tracker = trackerWith();

    tracker.readUpTo(12);
    tracker.readUpTo(3);

    expect(tracker.committable).toBe(12);
  });

  it('completes an offset twice without harm', () => {
    const tracker = trackerWith(5, 6);

    tracker.complete(5);
    tracker.complete(5);

    expect(tracker.committable).toBe(6);
    expect(tracker.openCount).toBe(1);
  });

  it.each([
    ['an offset admitted before', 5],
    ['an offset below the start', 0],
  ])('refuses %s', (_, offset) => {
    const tracker = trackerWith(5, 6);

    expect(() => tracker.admit(offset, undefined)).toThrow(`Offset ${offset} admitted after everything below 7`);
  });

  it('refuses an offset below what was read', () => {
    const tracker = trackerWith();
    tracker.readUpTo(10);

    expect(() => tracker.admit(9, undefined)).toThrow('Offset 9 admitted after everything below 10');
  });

  it('agrees with a naive model under any order of completion', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.array(step), (start, steps) => {
        const tracker = new OffsetTracker(start);
        const model = new NaiveTracker(start);
        for (const { kind, n } of steps) {
          if (kind === 'admit') {
            tracker.admit(model.end + n, undefined);
            model.admit(model.end + n);
          } else if (kind === 'read') {
            tracker.readUpTo(model.end + n);
            model.end += n;
          } else if (model.open.length > 0) {
            const offset = model.open[n % model.open.length]!;
            tracker.complete(offset);
            model.complete(offset);
          }
          expect(tracker.committable).toBe(model.committable);
          expect(tracker.openCount).toBe(model.open.length);
        }
      }),
    );
  });
});

const step = fc.record({ kind: fc.constantFrom('admit', 'complete', 'read'), n: fc.nat(5) });

/** By the definition: the lowest that is open, or else everything that was read. */
class NaiveTracker {
  open: number[] = [];

  constructor(public end: number) {}

  get committable(): number {
    return this.open.length > 0 ? Math.min(...this.open) : this.end;
  }

  admit(offset: number): void {
    this.open.push(offset);
    this.end = offset + 1;
  }

  complete(offset: number): void {
    this.open = this.open.filter((open) => open !== offset);
  }
}

function trackerWith(...offsets: number[]): OffsetTracker {
  const tracker = new OffsetTracker(0);
  for (const offset of offsets) tracker.admit(offset, undefined);
  return tracker;
}
