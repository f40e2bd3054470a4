import { describe, expect, it } from '@jest/globals';
import { TimeSlice } from '../../../../lib/engine/dispatch/time-slice.js';

describe('A slice of time', () => {
  it('ends after ten milliseconds of one turn, and another begins with the next', async () => {
    let turns = 0;
    const slice = new TimeSlice(() => turns++);
    const began = performance.now();
    expect(slice.isOver()).toBe(false);

    while (!slice.isOver()) expect(performance.now() - began).toBeLessThan(1_000);
    expect(performance.now() - began).toBeGreaterThanOrEqual(10);
    expect(turns).toBe(0);

    await new Promise(setImmediate);
    expect(turns).toBe(1);
    expect(slice.isOver()).toBe(false);
  });
});
