import { describe, expect, it } from '@jest/globals';
import { lagsOf } from '../../../lib/engine/partition-lag.js';

const at = (partition: number, offset: number) => ({ topic: 'orders', partition, offset });

describe('lagsOf', () => {
  it.each([
    { position: 0, end: 0, lag: 0 },
    { position: 3, end: 10, lag: 7 },
    { position: 10, end: 10, lag: 0 },
    { position: 12, end: 10, lag: 0 },
  ])('is $lag from $position to $end', ({ position, end, lag }) => {
    expect(lagsOf('billing', [at(0, position)], [at(0, end)])).toEqual([
      { group: 'billing', topic: 'orders', partition: 0, position: String(position), end: String(end), lag },
    ]);
  });

  it('leaves out what has no known end, and ends of what is not ours', () => {
    const lags = lagsOf('billing', [at(0, 1), at(1, 1)], [at(1, 2), at(2, 5)]);

    expect(lags.map(({ partition, lag }) => [partition, lag])).toEqual([[1, 1]]);
  });
});
