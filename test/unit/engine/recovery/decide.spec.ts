import { describe, expect, it } from '@jest/globals';
import { decide, type Decision } from '../../../../lib/engine/recovery/decide.js';
import { NonRetriableError, SkipMessageError } from '../../../../lib/messaging/errors.js';

const retry = { initialDelayMs: 100, multiplier: 2, maxDelayMs: 1000, jitter: 'none', maxAttempts: 3 } as const;
const ordinary = new Error('database is down');
const hopeless = new NonRetriableError('no such customer');
const skip = new SkipMessageError('old news');

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
    expect(decide(error, attempt, { retry, onExhausted })).toEqual(expected);
  });

  it('retries without end where the attempts have no limit', () => {
    const unlimited = { retry: { ...retry, maxAttempts: Infinity }, onExhausted: 'stop' } as const;

    expect(decide(ordinary, 1_000_000, unlimited)).toEqual({ kind: 'retry', delayMs: 1000, exhausted: false });
  });

  it('drops nothing for a policy that it does not know', () => {
    const unknown = { retry, onExhausted: 'drop' as never };

    expect(decide(ordinary, 100, unknown)).toMatchObject({ kind: 'retry', exhausted: true });
  });

  it('draws the jitter from the given source', () => {
    const policy = { retry: { ...retry, jitter: 'full' }, onExhausted: 'retry' } as const;

    expect(decide(ordinary, 1, policy, () => 0.25)).toMatchObject({ delayMs: 25 });
  });
});
