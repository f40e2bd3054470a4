import { describe, expect, it } from '@jest/globals';
import { singleFlight } from '../../../lib/engine/single-flight.js';
import { settlesWithin, untilAborted, wait } from '../../../lib/engine/wait.js';
import { deferred } from '../../support/deferred.js';

const hour = 3_600_000;

describe('wait', () => {
  it('ends when the time is over', async () => {
    await wait(1, new AbortController().signal);
  });

  it('ends as soon as it is aborted', async () => {
    const abort = new AbortController();
    const waiting = wait(hour, abort.signal);

    abort.abort();

    await waiting;
  });

  it('does not begin when it is aborted already', async () => {
    await wait(hour, AbortSignal.abort());
  });
});

describe('untilAborted', () => {
  it('ends when aborted, before or later', async () => {
    const abort = new AbortController();
    const waiting = untilAborted(abort.signal);

    abort.abort();

    await waiting;
    await untilAborted(abort.signal);
  });
});

describe('settlesWithin', () => {
  it.each([
    ['resolves', () => Promise.resolve()],
    ['rejects', () => Promise.reject(new Error('boom'))],
  ])('is true for a promise that %s in time', async (_, promise) => {
    expect(await settlesWithin(promise(), hour)).toBe(true);
  });

  it.each([1, 0, -5])('is false for one that takes longer than %d ms', async (ms) => {
    expect(await settlesWithin(new Promise(() => undefined), ms)).toBe(false);
  });
});

describe('singleFlight', () => {
  it('runs once for callers that come together, and again for the next', async () => {
    const gates = [deferred<string>(), deferred<string>()];
    let runs = 0;
    const shared = singleFlight(() => gates[runs++]!.promise);

    const together = [shared(), shared()];
    gates[0]!.resolve('first');
    expect(await Promise.all(together)).toEqual(['first', 'first']);
    gates[1]!.resolve('second');

    expect(await shared()).toBe('second');
    expect(runs).toBe(2);
  });

  it('runs again after a failure', async () => {
    const outcomes = [Promise.reject(new Error('refused')), Promise.resolve('connected')];
    const shared = singleFlight(() => outcomes.shift()!);

    await expect(shared()).rejects.toThrow('refused');

    expect(await shared()).toBe('connected');
  });
});
