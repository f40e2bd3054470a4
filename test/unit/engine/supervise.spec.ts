import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { supervise } from '../../../lib/engine/supervise.js';
import { RecordingLogger } from '../../support/recording-logger.js';

describe('supervise', () => {
  let logger: RecordingLogger;
  let stopped: AbortController;
  let runs: { reject(error: Error): void; resolve(): void }[];
  let supervised: Promise<void>;

  beforeEach(() => {
    jest.useFakeTimers();
    logger = new RecordingLogger();
    stopped = new AbortController();
    runs = [];
    const run = () => new Promise<void>((resolve, reject) => runs.push({ resolve, reject }));
    supervised = supervise('The consumer', run, stopped.signal, logger);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('starts again what has failed, later each time, up to 30 s', async () => {
    for (const delay of [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      await fail(`failure before ${delay} ms`);
      expect(logger.at('error').at(-1)).toBe(
        `The consumer ended, starting it again in ${delay} ms: failure before ${delay} ms`,
      );
      const before = runs.length;
      await jest.advanceTimersByTimeAsync(delay - 1);
      expect(runs).toHaveLength(before);
      await jest.advanceTimersByTimeAsync(1);
      expect(runs).toHaveLength(before + 1);
    }
  });

  it('takes a failure after a minute for the first', async () => {
    for (const delay of [500, 1000]) {
      await fail('boom');
      await jest.advanceTimersByTimeAsync(delay);
    }
    await jest.advanceTimersByTimeAsync(60_001);

    await fail('boom');

    expect(logger.at('error').at(-1)).toContain('in 500 ms');
  });

  it('starts again what has ended without an error', async () => {
    runs[0]!.resolve();
    await jest.advanceTimersByTimeAsync(500);

    expect(runs).toHaveLength(2);
    expect(logger.at('error')).toEqual([expect.stringContaining('without an error')]);
  });

  it('ends quietly with what it runs once stopped', async () => {
    stopped.abort();
    runs[0]!.reject(new Error('closed'));

    await supervised;
    expect(logger.lines).toEqual([]);
  });

  it('does not start again when stopped while it waits', async () => {
    await fail('boom');

    stopped.abort();

    await supervised;
    expect(runs).toHaveLength(1);
  });

  async function fail(message: string): Promise<void> {
    runs.at(-1)!.reject(new Error(message));
    await jest.advanceTimersByTimeAsync(0);
  }
});
