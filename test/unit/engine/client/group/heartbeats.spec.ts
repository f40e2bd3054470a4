import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Heartbeats, type MembershipEnd } from '../../../../../lib/engine/client/group/heartbeats.js';
import { RecordingLogger } from '../../../../support/recording-logger.js';

const rebalanceInProgress = 27;
const unknownMember = 25;

describe('Heartbeats', () => {
  let answer: () => Promise<number>;
  let sent: number;
  let ends: MembershipEnd[];
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
      (end) => ends.push(end),
      logger,
    );
    heartbeats.start();
  });

  afterEach(() => {
    heartbeats.stop();
    jest.useRealTimers();
  });

  it('beats once an interval', async () => {
    await jest.advanceTimersByTimeAsync(999);
    expect(sent).toBe(0);
    await jest.advanceTimersByTimeAsync(4001);

    expect(sent).toBe(5);
    expect(ends).toEqual([]);
  });

  it('beats no more once stopped', async () => {
    await jest.advanceTimersByTimeAsync(1000);
    heartbeats.stop();

    await jest.advanceTimersByTimeAsync(60_000);

    expect(sent).toBe(1);
    expect(ends).toEqual([]);
  });

  it('tells of a rebalance, and goes on beating while the partitions are given up', async () => {
    answer = () => Promise.resolve(rebalanceInProgress);

    await jest.advanceTimersByTimeAsync(1000);
    expect(ends).toEqual([{ kind: 'rebalance' }]);

    await jest.advanceTimersByTimeAsync(30_000);
    expect(sent).toBe(31);
    expect(ends.every(({ kind }) => kind === 'rebalance')).toBe(true);
  });

  it.each([22, unknownMember, 82])('tells that the membership is lost by code %d, and ends', async (code) => {
    answer = () => Promise.resolve(code);

    await jest.advanceTimersByTimeAsync(60_000);

    expect(sent).toBe(1);
    expect(ends).toEqual([{ kind: 'lost', reason: expect.stringContaining(`code ${code}`) }]);
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

    expect(ends).toEqual([{ kind: 'lost', reason: 'no heartbeat was answered for 11000 ms, the session has expired' }]);
  });

  it('counts a coordinator that is elsewhere as no answer', async () => {
    answer = () => Promise.resolve(16);

    await jest.advanceTimersByTimeAsync(11_000);

    expect(ends).toMatchObject([{ kind: 'lost' }]);
  });

  it('tells that the session has expired while a heartbeat hangs', async () => {
    answer = () => new Promise(() => undefined);

    await jest.advanceTimersByTimeAsync(12_000);

    expect(ends).toMatchObject([{ kind: 'lost' }]);
  });

  it('takes a session for expired after the event loop stood still, whatever the broker would say', async () => {
    jest.setSystemTime(Date.now() + 60_000);
    expect(heartbeats.expired).toBe(true);

    await jest.advanceTimersByTimeAsync(1000);

    expect(sent).toBe(0);
    expect(ends).toMatchObject([{ kind: 'lost' }]);
  });

  it('tells nothing of an answer that comes after it was stopped', async () => {
    let late: (code: number) => void = () => undefined;
    answer = () => new Promise((resolve) => (late = resolve));
    await jest.advanceTimersByTimeAsync(1000);
    heartbeats.stop();

    late(unknownMember);
    await jest.advanceTimersByTimeAsync(0);

    expect(ends).toEqual([]);
  });
});
