import { describe, expect, it } from '@jest/globals';
import { decide, type Decision, type Progress } from '../../../../lib/engine/recovery/decide.js';
import type { HandlerBinding } from '../../../../lib/engine/handler-binding.js';
import { NonRetriableError, SkipMessageError } from '../../../../lib/messaging/errors.js';
import { handlerBinding } from '../../../support/handler-binding.js';

const retry = { initialDelayMs: 100, multiplier: 2, maxDelayMs: 1000, jitter: 'none', maxAttempts: 3 } as const;
const ordinary = new Error('database is down');
const hopeless = new NonRetriableError('no such customer');
const skip = new SkipMessageError('old news');

const policy = (fields: Partial<HandlerBinding>): HandlerBinding => handlerBinding({ retry, ...fields });

describe('decide', () => {
  it.each<[string, Error, number, 'retry' | 'skip' | 'stop', Decision]>([
    ['an error with attempts left', ordinary, 1, 'skip', { kind: 'retry', delayMs: 100, exhausted: false }],
    ['the last attempt but one', ordinary, 2, 'stop', { kind: 'retry', delayMs: 200, exhausted: false }],
    ['the last attempt, to skip', ordinary, 3, 'skip', { kind: 'skip', exhausted: true }],
    ['the last attempt, to stop', ordinary, 3, 'stop', { kind: 'stop', exhausted: true }],
    ['the last attempt, to retry', ordinary, 3, 'retry', { kind: 'retry', delayMs: 1000, exhausted: true }],
    ['an attempt beyond the last', ordinary, 9, 'retry', { kind: 'retry', delayMs: 1000, exhausted: true }],
    ['a hopeless error, to skip', hopeless, 1, 'skip', { kind: 'skip', exhausted: true }],
    ['a hopeless error, to stop', hopeless, 1, 'stop', { kind: 'stop', exhausted: true }],
    ['a hopeless error, to retry', hopeless, 1, 'retry', { kind: 'retry', delayMs: 1000, exhausted: true }],
    ['a skip, whatever the policy', skip, 1, 'stop', { kind: 'skip', exhausted: false }],
  ])('%s', (_, error, attempt, onExhausted, expected) => {
    expect(decide(error, { attempt, step: 0 }, policy({ onExhausted }))).toEqual(expected);
  });

  it('retries without end where the attempts have no limit', () => {
    const unlimited = policy({ retry: { ...retry, maxAttempts: Infinity }, onExhausted: 'stop' });

    expect(decide(ordinary, { attempt: 1_000_000, step: 0 }, unlimited)).toEqual({
      kind: 'retry',
      delayMs: 1000,
      exhausted: false,
    });
  });

  it('drops nothing for a policy that it does not know', () => {
    const unknown = policy({ onExhausted: 'drop' as never });

    expect(decide(ordinary, { attempt: 100, step: 0 }, unknown)).toMatchObject({ kind: 'retry', exhausted: true });
  });

  it('draws the jitter from the given source', () => {
    const jittered = policy({ retry: { ...retry, jitter: 'full' } });

    expect(decide(ordinary, { attempt: 1, step: 0 }, jittered, () => 0.25)).toMatchObject({ delayMs: 25 });
  });

  describe('with retry topics and dead letters', () => {
    const full = policy({ retryTopics: ['10s', '1m'], deadLetter: {} });

    it.each<[string, Error, Progress, Decision]>([
      [
        'an error with attempts left',
        ordinary,
        { attempt: 1, step: 0 },
        { kind: 'retry', delayMs: 100, exhausted: false },
      ],
      ['the last attempt', ordinary, { attempt: 3, step: 0 }, { kind: 'retry-topic', delay: '10s', exhausted: false }],
      [
        'the first retry topic',
        ordinary,
        { attempt: 1, step: 1 },
        { kind: 'retry-topic', delay: '1m', exhausted: false },
      ],
      ['the last retry topic', ordinary, { attempt: 1, step: 2 }, { kind: 'dead-letter', exhausted: true }],
      ['more retry topics than there are', ordinary, { attempt: 1, step: 9 }, { kind: 'dead-letter', exhausted: true }],
      ['a hopeless error', hopeless, { attempt: 1, step: 0 }, { kind: 'dead-letter', exhausted: true }],
      [
        'a hopeless error in a retry topic',
        hopeless,
        { attempt: 1, step: 1 },
        { kind: 'dead-letter', exhausted: true },
      ],
      ['a skip', skip, { attempt: 1, step: 1 }, { kind: 'skip', exhausted: false }],
    ])('%s', (_, error, progress, expected) => {
      expect(decide(error, progress, full)).toEqual(expected);
    });

    it('falls back on onExhausted behind the last retry topic where there are no dead letters', () => {
      const without = policy({ retryTopics: ['10s'], onExhausted: 'skip' });

      expect(decide(ordinary, { attempt: 1, step: 1 }, without)).toEqual({ kind: 'skip', exhausted: true });
    });
  });

  describe('with a delay of the user’s own', () => {
    const delayed = (delay: (attempt: number, error: unknown) => number): Decision =>
      decide(ordinary, { attempt: 2, step: 0 }, policy({ retry: { ...retry, delay } }));

    it('asks for it with the attempt and the error', () => {
      const asked: unknown[] = [];

      expect(delayed((...args) => (asked.push(args), 7_000))).toMatchObject({ delayMs: 7_000 });
      expect(asked).toEqual([[2, ordinary]]);
    });

    it.each<[string, () => number]>([
      ['is none', () => NaN],
      ['is negative', () => -1],
      ['is missing', () => undefined as never],
      [
        'is thrown at',
        () => {
          throw new Error('oops');
        },
      ],
    ])('goes by the growing delay where it %s', (_, delay) => {
      expect(delayed(delay)).toMatchObject({ delayMs: 200 });
    });

    it('may be none at all', () => {
      expect(delayed(() => 0)).toMatchObject({ delayMs: 0 });
    });

    it('waits no longer than a timer can', () => {
      expect(delayed(() => Infinity)).toMatchObject({ delayMs: 2 ** 31 - 1 });
    });
  });
});
