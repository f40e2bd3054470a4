import { describe, expect, it } from '@jest/globals';
import {
  markFirstStart,
  startPositions,
  startsAtBeginning,
  type CommittedOffset,
} from '../../../../../lib/engine/client/positions/start-positions.js';

const nothing = (partition: number): CommittedOffset => ({ partition, offset: -1, metadata: null });
const worked = (partition: number): CommittedOffset => ({ partition, offset: 40, metadata: null });
const justStarted = (partition: number, partitions: number): CommittedOffset => {
  const committed = new Map([['orders', Array.from({ length: partitions }, (_, n) => nothing(n))]]);
  const { offset, metadata } = markFirstStart({ topic: 'orders', partition, offset: 40 }, committed);
  return { partition, offset, metadata };
};

describe.each([true, false])('With startFromBeginning %s, a partition without a committed offset', (configured) => {
  it('starts as configured when the group is new to the topic', () => {
    expect(startsAtBeginning(1, [nothing(0), nothing(1)], configured)).toBe(configured);
  });

  it('starts as configured when nothing is known of the topic', () => {
    expect(startsAtBeginning(0, [], configured)).toBe(configured);
  });

  it('starts as configured when another member of the new group was faster', () => {
    expect(startsAtBeginning(1, [justStarted(0, 2), nothing(1)], configured)).toBe(configured);
  });

  it('starts at the beginning when it was added after the first start of the others', () => {
    expect(startsAtBeginning(2, [justStarted(0, 2), justStarted(1, 2), nothing(2)], configured)).toBe(true);
  });

  it('starts at the beginning when the group has been at work on the topic', () => {
    expect(startsAtBeginning(1, [worked(0), nothing(1)], configured)).toBe(true);
  });

  it('starts at the beginning when one of the others has been at work', () => {
    expect(startsAtBeginning(2, [justStarted(0, 3), worked(1), nothing(2)], configured)).toBe(true);
  });

  it('starts at the beginning when the others have metadata of something else', () => {
    const foreign = { partition: 0, offset: 40, metadata: 'first start on 9 partitions, or so' };

    expect(startsAtBeginning(1, [foreign, nothing(1)], configured)).toBe(true);
  });
});

describe('startPositions', () => {
  const committed = new Map([
    ['orders', [worked(0), nothing(1)]],
    ['payments', [nothing(0), nothing(1)]],
  ]);
  const owned = [
    { topic: 'orders', partition: 0 },
    { topic: 'orders', partition: 1 },
    { topic: 'payments', partition: 1 },
    { topic: 'refunds', partition: 0 },
  ];
  const [first, added, untouched, unknown] = owned;

  it('tells what is committed from what begins at an end of its log, topic by topic', () => {
    expect(startPositions(owned, committed, () => false)).toEqual({
      known: [{ ...first, offset: 40, metadata: '' }],
      first: { beginning: [added], end: [untouched, unknown] },
    });
  });

  it('begins everything else at the beginning when so configured', () => {
    expect(startPositions(owned, committed, () => true).first).toEqual({
      beginning: [added, untouched, unknown],
      end: [],
    });
  });

  it('takes offset 0 for committed', () => {
    const atZero = new Map([['orders', [{ partition: 0, offset: 0, metadata: 'kept' }]]]);

    expect(startPositions([first!], atZero, () => false).known).toEqual([{ ...first, offset: 0, metadata: 'kept' }]);
  });
});
