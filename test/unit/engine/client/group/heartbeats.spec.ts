import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Heartbeats } from '../../../../../lib/engine/client/group/heartbeats.js';
import { RecordingLogger } from '../../../../support/recording-logger.js';

const rebalanceInProgress = 27;
const unknownMember = 25;

describe('Heartbeats', () => {
  let answer: () => Promise<number>;
  let sent: number;
  let ends: string[];
  let logger: RecordingLogger;
  let heartbeats: Heartbeats;

  beforeEach(() => {
    jest.useFakeTimers();
    sent = 0;
    ends = [];
    answer = () => Promise.resolve(0);
    logger = new RecordingLogger();
    heartbeats = new Heartbeats(
      () => {
        sent++;
        return answer();
      },
      { heartbeatIntervalMs: 1000, sessionTimeoutMs: 10_000 },
      {
        rebalancing: () => void ends.push('rebalancing'),
        unanswered: (inARow) => void ends.push(`unanswered (${inARow})`),
        lost: (reason, code) => void ends.push(`lost (${code}): ${reason}`),
      },
      logger,
    );
    heartbeats.start();
  });

  afterEach(() => {
    heartbeats.stop();
    jest.useRealTimers();
  });

  it('beats once an interval, but more often after a join', async () => {
    await jest.advanceTimersByTimeAsync(24);
    expect(sent).toBe(0);
    await jest.advanceTimersByTimeAsync(1);
    expect(sent).toBe(1);
    await jest.advanceTimersByTimeAsync(50 + 100 + 200 + 400 + 800);
    expect(sent).toBe(6);

    await jest.advanceTimersByTimeAsync(4000);

    expect(sent).toBe(10);
    expect(ends).toEqual([]);
  });

  it('beats soon once it is told to hurry', async () => {
    await jest.advanceTimersByTimeAsync(60_000);
    const before = sent;

    heartbeats.hurry();
    await jest.advanceTimersByTimeAsync(25 + 50);

    expect(sent).toBe(before + 2);
  });

  it('is not put off by being told again and again', async () => {
    await jest.advanceTimersByTimeAsync(60_000);
    const before = sent;

    for (let times = 0; times < 50; times++) {
      heartbeats.hurry();
      await jest.advanceTimersByTimeAsync(10);
    }

    expect(sent).toBeGreaterThan(before + 10);
  });

  it('beats no more once stopped', async () => {
    await jest.advanceTimersByTimeAsync(25);
    heartbeats.stop();

    await jest.advanceTimersByTimeAsync(60_000);

    expect(sent).toBe(1);
    expect(ends).toEqual([]);
  });

  it('tells of a rebalance with every beat, and goes on beating', async () => {
    answer = () => Promise.resolve(rebalanceInProgress);

    await jest.advanceTimersByTimeAsync(25);
    expect(ends).toEqual(['rebalancing']);

    await jest.advanceTimersByTimeAsync(30_000);
    expect(sent).toBeGreaterThan(30);
    expect(new Set(ends)).toEqual(new Set(['rebalancing']));
    expect(heartbeats.expired).toBe(false);
  });

  it.each([22, unknownMember, 30, 82])('tells that the membership is lost by code %d, and ends', async (code) => {
    answer = () => Promise.resolve(code);

    await jest.advanceTimersByTimeAsync(60_000);

    expect(sent).toBe(1);
    expect(ends).toEqual([expect.stringMatching(`^lost \\(${code}\\): .*code ${code}`)]);
  });

  it('survives failures for as long as the session lasts', async () => {
    answer = () => Promise.reject(new Error('connection lost'));

    await jest.advanceTimersByTimeAsync(9_000);
    expect(ends).toEqual([]);
    expect(logger.at('warn')[0]).toBe('Heartbeat failed, trying again: connection lost');

    answer = () => Promise.resolve(0);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(ends).toEqual([]);
  });

  it('tells that the session has expired when nothing was answered in that time', async () => {
    answer = () => Promise.reject(new Error('connection lost'));

    await jest.advanceTimersByTimeAsync(11_000);

    expect(ends).toEqual([
      expect.stringMatching(/^lost \(0\): no heartbeat was answered for 1\d{4} ms, the session has expired/),
    ]);
  });

  it('counts a coordinator that is elsewhere as no answer', async () => {
    answer = () => Promise.resolve(16);

    await jest.advanceTimersByTimeAsync(11_000);

    expect(ends).toEqual([expect.stringMatching(/^lost \(.*the session has expired/)]);
  });

  it('tells that the session has expired while a heartbeat hangs', async () => {
    answer = () => new Promise(() => undefined);

    await jest.advanceTimersByTimeAsync(12_000);

    expect(ends.at(-1)).toMatch(/^lost \(.*the session has expired/);
    expect(ends.slice(0, -1)).toEqual(['unanswered (1)', 'unanswered (2)', 'unanswered (3)']);
  });

  it('gives up on an answer after a third of the session, and asks again soon', async () => {
    answer = () => new Promise(() => undefined);
    await jest.advanceTimersByTimeAsync(25 + 3333);
    expect(ends).toEqual([]);
    answer = () => Promise.resolve(0);

    await jest.advanceTimersByTimeAsync(1);
    expect(ends).toEqual(['unanswered (1)']);
    await jest.advanceTimersByTimeAsync(25);

    expect(sent).toBe(2);
    expect(logger.at('warn')).toEqual([expect.stringMatching(/^A heartbeat was not answered within 3333 ms/)]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(ends).toEqual(['unanswered (1)']);
  });

  it('says nothing of how an answer ends that it has given up on', async () => {
    let fail: (error: Error) => void = () => undefined;
    answer = () => new Promise((_, reject) => (fail = reject));
    await jest.advanceTimersByTimeAsync(25 + 3334);
    answer = () => Promise.resolve(0);

    fail(new Error('closed by this client'));
    await jest.advanceTimersByTimeAsync(1000);

    expect(logger.at('warn')).toEqual([expect.stringContaining('not answered within')]);
  });

  it('counts other proofs of the membership', async () => {
    answer = () => new Promise(() => undefined);
    await jest.advanceTimersByTimeAsync(9_000);

    heartbeats.proved();
    await jest.advanceTimersByTimeAsync(900);

    expect(heartbeats.expired).toBe(false);
  });

  it('goes on when the clock is set back', async () => {
    await jest.advanceTimersByTimeAsync(5_000);
    const before = sent;
    jest.setSystemTime(Date.now() - 3_600_000);

    await jest.advanceTimersByTimeAsync(5_000);

    expect(sent - before).toBeGreaterThanOrEqual(4);
    expect(heartbeats.silence).toBeGreaterThanOrEqual(0);
    expect(ends).toEqual([]);
  });

  it('takes a session for expired that nobody answers, though the clock is set back', async () => {
    await jest.advanceTimersByTimeAsync(5_000);
    answer = () => new Promise(() => undefined);
    jest.setSystemTime(Date.now() - 3_600_000);

    await jest.advanceTimersByTimeAsync(12_000);

    expect(heartbeats.expired).toBe(true);
    expect(ends.at(-1)).toMatch(/^lost/);
  });

  it('takes a session for expired after the event loop stood still, whatever the broker would say', async () => {
    jest.setSystemTime(Date.now() + 60_000);
    expect(heartbeats.expired).toBe(true);

    await jest.advanceTimersByTimeAsync(1000);

    expect(sent).toBe(0);
    expect(ends).toEqual([expect.stringMatching(/^lost \(.*the session has expired/)]);
  });

  it('explains once that the event loop stood still between two heartbeats', async () => {
    await jest.advanceTimersByTimeAsync(5000);
    jest.setSystemTime(Date.now() + 60_000);

    await jest.advanceTimersByTimeAsync(5000);

    expect(logger.at('warn')).toEqual([
      expect.stringMatching(/^The event loop was blocked for [56]\d{4} ms .*10000 ms/),
    ]);
  });

  it('explains once that the event loop stood still while a heartbeat was under way', async () => {
    answer = () => new Promise(() => undefined);
    await jest.advanceTimersByTimeAsync(25);
    jest.setSystemTime(Date.now() + 60_000);

    await jest.advanceTimersByTimeAsync(5000);

    const told = logger.at('warn').filter((line) => line.includes('event loop'));
    expect(told).toEqual([expect.stringMatching(/^The event loop was blocked for [56]\d{4} ms .*10000 ms/)]);
  });

  it('does not blame the event loop for a broker that is silent', async () => {
    answer = () => new Promise(() => undefined);

    await jest.advanceTimersByTimeAsync(60_000);

    expect(ends.at(-1)).toContain('the session has expired');
    expect(logger.lines.filter(({ message }) => message.includes('event loop'))).toEqual([]);
  });

  it('tells nothing of an answer that comes after it was stopped', async () => {
    let late: (code: number) => void = () => undefined;
    answer = () => new Promise((resolve) => (late = resolve));
    await jest.advanceTimersByTimeAsync(25);
    heartbeats.stop();

    late(unknownMember);
    await jest.advanceTimersByTimeAsync(0);

    expect(ends).toEqual([]);
  });
});
