import { describe, expect, it } from '@jest/globals';
import { look, type Reading, type Standing } from '../../../../lib/engine/condition/standing.js';

/** Looks a second apart, from 0 on. */
function after(...readings: Partial<Reading>[]): Standing & { stillFor: number } {
  const all = readings.map((reading) => ({ position: 5, isOwed: true, isPaused: false, ...reading }));
  const standing = all.reduce<Standing | undefined>((before, reading, at) => look(before, reading, at), undefined)!;
  return { ...standing, stillFor: standing.isStalled ? all.length - 1 - standing.since : 0 };
}

describe('look', () => {
  it.each<[string, number, Partial<Reading>[]]>([
    ['what is seen first', 0, [{}]],
    ['what stays where it is', 3, [{}, {}, {}, {}]],
    ['what moves', 1, [{}, {}, { position: 6 }, { position: 6 }]],
    ['what moves back', 0, [{}, {}, { position: 4 }]],
    ['what has nothing to do', 0, [{ isOwed: false }, { isOwed: false }]],
    ['what has something to do from then on', 1, [{ isOwed: false }, { isOwed: false }, {}, {}]],
    ['what is not known to have something to do', 0, [{ isOwed: undefined }, { isOwed: undefined }]],
    [
      'what had something to do, and still has for all that is known',
      2,
      [{}, { isOwed: undefined }, { isOwed: undefined }],
    ],
    ['what has nothing to do any more', 0, [{}, {}, { isOwed: false }]],
    ['what is paused', 0, [{}, {}, { isPaused: true }]],
    ['what was paused', 1, [{}, { isPaused: true }, { isPaused: true }, {}, {}]],
  ])('%s stands still for %i', (_, stillFor, readings) => {
    expect(after(...readings).stillFor).toBe(stillFor);
  });

  it('tells since when the position is the same, whatever is to be done', () => {
    expect(after({}, { position: 6, isOwed: false }, { position: 6 }, { position: 6, isPaused: true }).movedAt).toBe(1);
  });
});
