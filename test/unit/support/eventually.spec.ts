import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';

describe('eventually', () => {
  const quick = { timeoutMs: 50, intervalMs: 1 };

  it('resolves as soon as the condition holds', async () => {
    let calls = 0;
    await eventually(() => ++calls === 3, quick);
    expect(calls).toBe(3);
  });

  it('takes assertions', async () => {
    let calls = 0;
    await eventually(() => expect(++calls).toBe(3), quick);
  });

  it('throws with the last state', async () => {
    let calls = 0;
    const waiting = eventually(() => ++calls < 0, {
      ...quick,
      message: () => `called ${calls > 1 ? 'often' : 'once'}`,
    });
    await expect(waiting).rejects.toThrow('Not within 50 ms: called often');
  });

  it('throws with the last error', async () => {
    const fail = async () => {
      throw new Error('not yet');
    };
    await expect(eventually(fail, quick)).rejects.toThrow(/the condition; last: not yet/);
  });
});
