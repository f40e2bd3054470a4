import { beforeEach, describe, expect, it } from '@jest/globals';
import { RequestedPauses } from '../../../../lib/engine/dispatch/requested-pauses.js';

describe('Requested pauses', () => {
  let pauses: RequestedPauses;

  const paused = (): string[] =>
    ['orders', 'payments'].flatMap((topic) =>
      [0, 1].filter((partition) => pauses.includes({ topic, partition })).map((partition) => `${topic}-${partition}`),
    );

  beforeEach(() => {
    pauses = new RequestedPauses();
  });

  it('include nothing at first', () => {
    expect(paused()).toEqual([]);
  });

  it.each<[string, Parameters<RequestedPauses['set']>[], string[]]>([
    ['everything', [[true]], ['orders-0', 'orders-1', 'payments-0', 'payments-1']],
    ['a topic', [[true, 'orders']], ['orders-0', 'orders-1']],
    ['partitions', [[true, 'orders', [1]]], ['orders-1']],
    ['everything but a topic', [[true], [false, 'orders']], ['payments-0', 'payments-1']],
    [
      'a topic but a partition',
      [
        [true, 'orders'],
        [false, 'orders', [0]],
      ],
      ['orders-1'],
    ],
    ['nothing, after all is resumed', [[true, 'orders'], [true, 'payments', [0]], [false]], []],
    [
      'a whole topic, whatever was asked for its partitions before',
      [
        [false, 'orders', [0]],
        [true, 'orders'],
      ],
      ['orders-0', 'orders-1'],
    ],
  ])('include %s', (_, requests, expected) => {
    for (const request of requests) pauses.set(...request);

    expect(paused()).toEqual(expected);
  });
});
