import { describe, expect, it } from '@jest/globals';
import { checkFilter, checkRedriveOptions } from '../../../lib/dead-letters/redrive-faults.js';

describe('The options of a redrive', () => {
  it('may be all that are documented, and undefined', () => {
    const filter = { errorClass: 'E', originalTopic: 't', group: 'g', handler: 'A.b', key: 'k', headers: { a: 'b' } };
    const range = { from: new Date(), to: new Date(), partition: 0, fromOffset: 0, toOffset: 5 };
    const options = { dryRun: true, limit: 1, rate: 0.5, maxRedrives: Infinity, onProgress: () => {} };

    expect(() => checkFilter({ ...filter, ...range, group: undefined })).not.toThrow();
    expect(() =>
      checkRedriveOptions({ ...filter, ...range, ...options, signal: new AbortController().signal }),
    ).not.toThrow();
  });

  it.each<[object, string]>([
    [{ error_class: 'E' }, 'error_class: no such option; expected one of errorClass, originalTopic'],
    [{ errorClass: 5 }, 'errorClass: expected text, got 5'],
    [{ from: '2026-01-01' }, 'from: expected a Date, got "2026-01-01"'],
    [{ to: new Date('x') }, 'to: expected a Date'],
    [{ partition: -1 }, 'partition: expected a whole number from 0 on, got -1'],
    [{ toOffset: '5' }, 'toOffset: expected a whole number from 0 on, got "5"'],
    [{ headers: { a: 1 } }, 'headers: expected an object of texts'],
    [{ limit: 0 }, 'limit: expected a number greater than 0, got 0'],
    [{ rate: NaN }, 'rate: expected a number greater than 0'],
    [{ dryRun: 'yes' }, 'dryRun: expected true or false, got "yes"'],
    [{ signal: {} }, 'signal: expected an AbortSignal'],
    [{ onProgress: 1 }, 'onProgress: expected a function, got 1'],
    [{ constructor: 1 }, 'constructor: no such option'],
  ])('%j are refused: a filter that is not understood would mean every dead letter', (options, message) => {
    expect(() => checkRedriveOptions(options)).toThrow(message);
  });

  it('are no filter', () => {
    expect(() => checkFilter({ limit: 5 })).toThrow('limit: no such option');
  });
});
