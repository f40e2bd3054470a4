import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeCommitMetadata, encodeCommitMetadata } from '../../../../lib/engine/offsets/commit-metadata.js';
import type { OffsetRange } from '../../../../lib/engine/offsets/offset-range.js';
import { OffsetTracker } from '../../../../lib/engine/offsets/offset-tracker.js';

/** What brokers take by default, in characters. */
const limit = 4096;

describe('The metadata of a commit', () => {
  it('tells what is completed above the offset, in any pattern', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 40),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }))),
        (offset, runs) => {
          let at = offset;
          const completed: OffsetRange[] = runs.map(([open, done]) => ({ from: at + open, to: (at += open + done) }));
          const text = encodeCommitMetadata(offset, { firstStartPartitions: 12, completed });

          expect(decodeCommitMetadata(offset, text)).toEqual({ firstStartPartitions: 12, completed });
        },
      ),
    );
  });

  it.each([
    ['a long run', [{ from: 1, to: 20_001 }], 'r'],
    ['every other offset', Array.from({ length: 500 }, (_, at) => ({ from: 2 * at + 1, to: 2 * at + 2 })), 'b'],
  ])('takes the smaller form for %s', (_, completed, form) => {
    expect(encodeCommitMetadata(0, { completed })).toMatch(new RegExp(`^completed v1 ${form} `));
  });

  it('is empty where there is nothing to tell', () => {
    expect(encodeCommitMetadata(5, { completed: [] })).toBe('');
    expect(decodeCommitMetadata(5, '')).toEqual({ completed: [] });
  });

  it.each(['hello', 'completed v2 r AgM=', 'first start on four partitions', 'completed v1 x AgM=', '{"a":1}', '; '])(
    'of unknown origin is recognised: %s',
    (text) => {
      expect(decodeCommitMetadata(0, text)).toBe(undefined);
    },
  );

  it('never fails, whatever it is', () => {
    fc.assert(fc.property(fc.string(), (text) => void decodeCommitMetadata(3, text)));
    fc.assert(fc.property(fc.base64String(), (text) => void decodeCommitMetadata(3, `completed v1 r ${text}`)));
  });

  it('fits, as long as only what is within reach is completed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 900 }), fc.boolean()), { minLength: 500, maxLength: 3_000 }),
        (gaps) => {
          const tracker = new OffsetTracker(0);
          let offset = 0;
          for (const [gap, isCompleted] of gaps) {
            offset += gap;
            tracker.admit(offset, undefined);
            if (isCompleted && tracker.isWithinReach(offset)) tracker.complete(offset);
          }
          const completed = tracker.completedAbove();

          const text = encodeCommitMetadata(tracker.committable, { firstStartPartitions: 100_000, completed });
          expect(text.length).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('A partition that is assigned again', () => {
  it('reads what was open, and nothing of what was completed, however often', () => {
    const log = fc.array(fc.nat(3), { minLength: 1, maxLength: 60 });
    const generation = fc.record({ read: fc.nat(40), completes: fc.infiniteStream(fc.boolean()) });
    fc.assert(
      fc.property(log, fc.array(generation, { maxLength: 6 }), (gaps, generations) => {
        let end = 0;
        const offsets = gaps.map((gap) => (end += gap + 1) - 1);
        const done = new Set<number>();
        let [position, metadata] = [0, ''];
        for (const { read, completes } of generations) {
          const tracker = new OffsetTracker(position, decodeCommitMetadata(position, metadata)!.completed);
          for (const offset of offsets.filter((one) => one >= position).slice(0, read)) {
            const isNew = tracker.admit(offset, undefined);
            expect(isNew).toBe(!done.has(offset));
            if (!isNew || !completes.next().value) continue;
            tracker.complete(offset);
            done.add(offset);
          }
          position = tracker.committable;
          metadata = encodeCommitMetadata(position, { completed: tracker.completedAbove() });
        }
      }),
    );
  });
});
