import { describe, expect, it } from '@jest/globals';
import { ClientHistory } from '../../../../lib/engine/condition/client-history.js';

const boom = new Error('boom');

describe('A history of clients', () => {
  it('knows of no failures at first, nor of a client that lives', () => {
    const history = new ClientHistory();
    expect(history.failures(0)).toBeNull();

    history.began(0);

    expect(history.failures(1_000_000)).toBeNull();
    expect(history.restarts).toBe(0);
  });

  it('counts those that end soon, from the end of the first to that of the last', () => {
    const history = new ClientHistory();
    for (const [begin, end] of [
      [0, 1_000],
      [2_000, 3_000],
      [5_000, 64_000],
    ] as const) {
      history.began(begin);
      history.ended(boom, end);
    }

    expect(history.failures(70_000)).toEqual({ count: 3, forMs: 63_000, error: 'boom' });
    history.began(70_000);
    expect(history.failures(80_000)).toMatchObject({ count: 3, forMs: 63_000 });
    expect(history.restarts).toBe(3);
  });

  it('forgets them once one has lived for a minute', () => {
    const history = new ClientHistory();
    history.began(0);
    history.ended(boom, 1_000);
    history.began(2_000);

    expect(history.failures(62_001)).toBeNull();
    history.ended(new Error('later'), 70_000);
    expect(history.failures(71_000)).toEqual({ count: 1, forMs: 0, error: 'later' });
  });

  it.each([
    ['boom', (history: ClientHistory) => history.ended(boom, 1)],
    ['its client ended without an error', (history: ClientHistory) => history.ended(undefined, 1)],
    [
      'nothing was heard',
      (history: ClientHistory) => {
        history.replaced('nothing was heard');
        history.ended(undefined, 1);
      },
    ],
  ])('tells why: %s', (error, end) => {
    const history = new ClientHistory();
    history.began(0);
    end(history);

    expect(history.failures(1)!.error).toBe(error);
  });

  it('does not blame the next client for what an earlier one was replaced for', () => {
    const history = new ClientHistory();
    history.began(0);
    history.replaced('nothing was heard');
    history.ended(undefined, 1);
    history.began(2);
    history.ended(boom, 3);

    expect(history.failures(3)!.error).toBe('boom');
  });
});
