import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backoffDelay, type Backoff } from '../../../../lib/engine/recovery/backoff.js';

const backoff: Backoff = { initialDelayMs: 100, multiplier: 3, maxDelayMs: 1000, jitter: 'none' };

describe('backoffDelay', () => {
  it.each([
    [1, 100],
    [2, 300],
    [3, 900],
    [4, 1000],
    [500, 1000],
  ])('after attempt %d waits %d ms', (attempt, delay) => {
    expect(backoffDelay(attempt, backoff)).toBe(delay);
  });

  it('stays at no delay, however many attempts have failed', () => {
    expect(backoffDelay(5000, { ...backoff, initialDelayMs: 0 })).toBe(0);
  });

  it('with full jitter draws from 0 to the delay', () => {
    const jittered = (random: number) => backoffDelay(2, { ...backoff, jitter: 'full' }, () => random);

    expect(jittered(0)).toBe(0);
    expect(jittered(0.5)).toBe(150);
    expect(jittered(0.999)).toBeCloseTo(299.7);
  });

  it('without jitter does not draw', () => {
    const draw = (): number => {
      throw new Error('no number was to be drawn');
    };

    expect(backoffDelay(1, backoff, draw)).toBe(100);
  });

  it('stays between 0 and the longest delay', () => {
    fc.assert(
      fc.property(anyBackoff, attempts, random, (any, attempt, drawn) => {
        const delay = backoffDelay(attempt, any, () => drawn);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(any.maxDelayMs);
      }),
    );
  });

  it('never falls with the attempts', () => {
    fc.assert(
      fc.property(anyBackoff, attempts, (any, attempt) => {
        const steady: Backoff = { ...any, jitter: 'none' };
        expect(backoffDelay(attempt + 1, steady)).toBeGreaterThanOrEqual(backoffDelay(attempt, steady));
      }),
    );
  });
});

const attempts = fc.integer({ min: 1, max: 100_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const anyBackoff: fc.Arbitrary<Backoff> = fc.record({
  initialDelayMs: fc.nat(100_000),
  multiplier: fc.double({ min: 1, max: 100, noNaN: true }),
  maxDelayMs: fc.nat(100_000),
  jitter: fc.constantFrom('full', 'none'),
});
