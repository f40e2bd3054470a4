import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConcurrencyGate, RateGate, type Gate } from '../../../../lib/engine/dispatch/gate.js';

/** Waits at a gate; goes through when it is woken, if it still wants to. */
function waiting(gate: Gate, name: string, entered: string[], wants = true) {
  return {
    wake: (): void => {
      if (!wants) return;
      gate.enter();
      entered.push(name);
    },
  };
}

describe('A gate for so many at a time', () => {
  it('is open while fewer are inside', () => {
    const gate = new ConcurrencyGate(2);
    const seen = [gate.isOpen];
    for (const step of ['enter', 'enter', 'leave'] as const) {
      gate[step]();
      seen.push(gate.isOpen);
    }

    expect(seen).toEqual([true, true, false, true]);
  });

  it('wakes who has waited longest, one for each that leaves', () => {
    const gate = new ConcurrencyGate(1);
    const entered: string[] = [];
    gate.enter();
    for (const name of ['first', 'second']) gate.park(waiting(gate, name, entered));

    gate.leave();
    expect(entered).toEqual(['first']);

    gate.leave();
    expect(entered).toEqual(['first', 'second']);
  });

  it('goes on to the next where one that is woken does not enter', () => {
    const gate = new ConcurrencyGate(1);
    const entered: string[] = [];
    gate.enter();
    gate.park(waiting(gate, 'gone', entered, false));
    gate.park(waiting(gate, 'next', entered));

    gate.leave();

    expect(entered).toEqual(['next']);
  });
});

describe('A gate for so many a second', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it.each([10, 50, 1_000])('lets %d through in each second, and a tenth of that at once after a rest', (perSecond) => {
    const gate = new RateGate(perSecond);
    let entered = 0;
    for (let ms = 0; ms < 2_000; ms++) {
      for (; gate.isOpen; entered++) gate.enter();
      jest.advanceTimersByTime(1);
    }

    expect(entered).toBeGreaterThanOrEqual(2 * perSecond);
    expect(entered).toBeLessThanOrEqual(2.1 * perSecond + 1);
  });

  it('wakes all who wait when it opens', () => {
    const gate = new RateGate(10);
    const woken: number[] = [];
    gate.enter();
    for (const name of [1, 2]) gate.park({ wake: () => void woken.push(name) });

    jest.advanceTimersByTime(99);
    expect(woken).toEqual([]);

    jest.advanceTimersByTime(1);
    expect(woken).toEqual([1, 2]);
    expect(gate.isOpen).toBe(true);
  });

  it('gives nothing back for an attempt that is over', () => {
    const gate = new RateGate(1);
    gate.enter();

    gate.leave();

    expect(gate.isOpen).toBe(false);
  });
});
