import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RepeatedLog } from '../../../../lib/engine/client/repeated-log.js';
import { Repeats } from '../../../../lib/engine/client/repeats.js';
import { RecordingLogger } from '../../../support/recording-logger.js';

describe('Repeats', () => {
  it('tells so many of a kind in each interval', () => {
    const repeats = new Repeats<number>(2, 100);
    const told = [0, 10, 20, 99, 100, 101, 102].map((now) => repeats.note('a', now, now) !== undefined);
    expect(told).toEqual([true, true, false, false, true, true, false]);
  });

  it('keeps kinds apart', () => {
    const repeats = new Repeats<number>(1, 100);
    expect(repeats.note('a', 1, 0)).toBeDefined();
    expect(repeats.note('b', 2, 0)).toBeDefined();
    expect(repeats.note('a', 3, 1)).toBeUndefined();
  });

  it('tells with the next of a kind how many were left out before it', () => {
    const repeats = new Repeats<number>(1, 100);
    for (const now of [0, 40, 60]) repeats.note('a', now, now);
    expect(repeats.note('a', 120, 120)).toEqual({ count: 2, forMs: 120 });
    expect(repeats.note('a', 220, 220)).toMatchObject({ count: 0 });
  });

  it('tells at the end of an interval what was left out, the last of it with their number', () => {
    const repeats = new Repeats<string>(1, 100);
    repeats.note('a', 'first', 0);
    repeats.note('a', 'second', 10);
    repeats.note('a', 'third', 20);
    expect(repeats.nextEnd).toBe(100);
    expect(repeats.takeLeftOut(99)).toEqual([]);
    expect(repeats.takeLeftOut(100)).toEqual([{ last: 'third', count: 2, forMs: 100 }]);
    expect(repeats.nextEnd).toBeUndefined();
  });

  it('counts that as one of those told in the next interval', () => {
    const repeats = new Repeats<number>(2, 100);
    for (const now of [0, 1, 2]) repeats.note('a', now, now);
    repeats.takeLeftOut(100);
    expect(repeats.note('a', 110, 110)).toBeDefined();
    expect(repeats.note('a', 120, 120)).toBeUndefined();
  });

  it('tells before the end what is asked for', () => {
    const repeats = new Repeats<number>(1, 100);
    repeats.note('a', 1, 0);
    repeats.note('a', 2, 10);
    expect(repeats.takeLeftOut(30, true)).toEqual([{ last: 2, count: 1, forMs: 30 }]);
  });

  it('forgets what does not go on', () => {
    const repeats = new Repeats<number>(1, 100);
    for (let kind = 0; kind < 1000; kind++) repeats.note(`kind ${kind}`, kind, 0);
    repeats.note('another', 0, 200);
    expect(repeats.size).toBe(1);
  });
});

describe('RepeatedLog', () => {
  let logger: RecordingLogger;

  beforeEach(() => {
    jest.useFakeTimers({ now: 1_000_000 });
    logger = new RecordingLogger();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('tells what goes on once a minute, with how much was left out', () => {
    const log = new RepeatedLog(logger);
    for (let second = 0; second <= 120; second++) {
      log.warn('no leader');
      jest.advanceTimersByTime(1_000);
    }
    expect(logger.at('warn')).toEqual([
      'no leader',
      'no leader (and 59 more like it in the last 60 s)',
      'no leader (and 59 more like it in the last 60 s)',
    ]);
    expect(logger.fields).toEqual([{ more: 59 }, { more: 59 }]);
  });

  it('says nothing more of what has ended', () => {
    const log = new RepeatedLog(logger);
    log.warn('no leader');
    log.warn('no leader');
    jest.advanceTimersByTime(300_000);
    log.warn('no leader');
    expect(logger.at('warn')).toEqual(['no leader', 'no leader']);
  });

  it('sums up a flood at the end of its minute: the last of it, and how many it were', () => {
    const log = new RepeatedLog(logger, 10);
    for (let record = 0; record < 10_000; record++)
      log.error(`failed on orders-0@${record}`, 'stack', { offset: String(record) }, 'OrderHandler.created TypeError');
    expect(logger.lines).toHaveLength(10);
    jest.advanceTimersByTime(60_000);
    expect(logger.lines).toHaveLength(11);
    expect(logger.lines[10]).toEqual({
      level: 'error',
      message: 'failed on orders-0@9999 (and 9,989 more like it in the last 60 s)',
      stack: 'stack',
    });
    expect(logger.fields[10]).toEqual({ offset: '9999', more: 9989 });
  });

  it('sums up a flood whose every line is of a kind of its own', () => {
    const log = new RepeatedLog(logger, 10);
    for (let record = 0; record < 10_000; record++)
      log.warn(`order ${record} failed`, undefined, `Order${record}Error`);
    expect(logger.lines).toHaveLength(100 + 10);
    log.warn('order 0 failed again', undefined, 'Order0Error');
    expect(logger.at('warn').at(-1)).toBe('order 0 failed again');
    jest.advanceTimersByTime(60_000);
    expect(logger.at('warn').at(-1)).toBe('order 9999 failed (and 9,889 more like it in the last 60 s)');
  });

  it('sums up each minute of a flood that goes on, and no more once it has ended', () => {
    const log = new RepeatedLog(logger, 10);
    for (let tenth = 0; tenth < 1800; tenth++) {
      log.warn(`failed ${tenth}`, undefined, 'alike');
      jest.advanceTimersByTime(100);
    }
    jest.advanceTimersByTime(600_000);
    const sums = logger.at('warn').filter((line) => line.includes('more like it'));
    expect(sums).toEqual([
      'failed 599 (and 589 more like it in the last 60 s)',
      'failed 1199 (and 590 more like it in the last 60 s)',
      'failed 1799 (and 590 more like it in the last 60 s)',
    ]);
    expect(logger.lines).toHaveLength(11 + 10 + 10);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('keeps every line of what is rare', () => {
    const log = new RepeatedLog(logger, 10);
    for (let attempt = 0; attempt < 20; attempt++) {
      log.warn(`attempt ${attempt}`, undefined, 'alike');
      jest.advanceTimersByTime(30_000);
    }
    expect(logger.at('warn')).toEqual(Array.from({ length: 20 }, (_, attempt) => `attempt ${attempt}`));
  });

  it('tells warnings and errors apart, and passes on all else', () => {
    const log = new RepeatedLog(logger);
    log.warn('a');
    log.error('a');
    for (let times = 0; times < 2; times++) log.log('b');
    for (let times = 0; times < 2; times++) log.debug('c');
    expect(logger.lines.map(({ level }) => level)).toEqual(['warn', 'error', 'log', 'log', 'debug', 'debug']);
  });

  it('tells at once what was left out, when all ends', () => {
    const log = new RepeatedLog(logger, 10);
    for (let times = 0; times < 12; times++) log.warn(`failed ${times}`, undefined, 'alike');
    log.flush();
    expect(logger.at('warn').at(-1)).toBe('failed 11 (and 1 more like it in the last 1 s)');
    expect(jest.getTimerCount()).toBe(0);
  });
});
