import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { KafkaMessage } from '../../../../lib/engine/decode/kafka-message.js';
import type { HandlerBinding } from '../../../../lib/engine/handler-binding.js';
import { Attempt } from '../../../../lib/engine/recovery/attempt.js';
import { HandlerTimeoutError } from '../../../../lib/messaging/errors.js';
import { deferred } from '../../../support/deferred.js';
import { handlerBinding } from '../../../support/handler-binding.js';
import { RecordingLogger } from '../../../support/recording-logger.js';
import { record } from '../../../support/records.js';

/** An attempt of a handler that acknowledges by hand, within a second, and has a tenth of that to return. */
function attempted(handle: HandlerBinding['handle']) {
  const lost = new AbortController();
  const logger = new RecordingLogger();
  const commit = jest.fn(() => Promise.resolve());
  const binding = handlerBinding({ timeoutMs: 100, ackTimeoutMs: 1_000, handle });
  const scope = { group: 'billing', logger, aborted: lost.signal, commit };
  const attempt = new Attempt(binding, new KafkaMessage(record({ offset: 5 })), 1, scope);
  return { attempt, result: attempt.run(), lost, logger, commit };
}

it('An attempt leaves no store behind that its handler has entered, and is called with those that are there', async () => {
  const tenant = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const handle = async () => {
    seen.push(tenant.getStore());
    tenant.enterWith('acme');
    await Promise.resolve();
    seen.push(tenant.getStore());
  };

  for (let times = 0; times < 2; times++) attempted(handle).attempt.ack();
  tenant.run('around', () => attempted(handle).attempt.ack());
  await new Promise(setImmediate);

  expect(seen).toEqual([undefined, undefined, 'around', 'acme', 'acme', 'acme']);
});

describe('An attempt that is acknowledged by hand and has a timeout', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('has its time until the handler returns, not until the answer', async () => {
    const { attempt, result, logger } = attempted(() => undefined);

    await jest.advanceTimersByTimeAsync(500);
    expect([attempt.signal.aborted, logger.lines]).toEqual([false, []]);

    attempt.ack();
    expect(await result).toBeUndefined();
  });

  it('is aborted with its partition, also while its answer is awaited', async () => {
    const { attempt, result, lost } = attempted(() => undefined);
    await jest.advanceTimersByTimeAsync(500);

    lost.abort(new Error('lost'));

    expect(attempt.signal.reason).toEqual(new Error('lost'));
    expect(await result).toBeDefined();
  });

  it('is done with when it was acknowledged before its time was over', async () => {
    const end = deferred<unknown>();
    const { attempt, result } = attempted(() => end.promise);
    attempt.ack();

    await jest.advanceTimersByTimeAsync(100);
    expect(attempt.signal.aborted).toBe(true);

    void end.resolve(undefined);
    expect(await result).toBeUndefined();
  });

  it('cannot be acknowledged any more when its time is over', async () => {
    const end = deferred<unknown>();
    const { attempt, result, logger } = attempted(() => end.promise);
    await jest.advanceTimersByTimeAsync(100);

    attempt.ack();
    void end.resolve(undefined);

    expect(logger.at('warn').at(-1)).toContain('ack() is ignored, the attempt has timed out');
    expect(await result).toEqual({ error: expect.any(HandlerTimeoutError) });
  });

  it('cannot be committed after a nack', async () => {
    const { attempt, commit } = attempted(() => undefined);
    attempt.nack();

    await expect(attempt.commit()).rejects.toThrow('cannot be committed: it has been answered before');

    expect(commit).not.toHaveBeenCalled();
  });

  it.each([-1, NaN, Infinity, 2 ** 31])('refuses a nack with a delay of %p', async (delayMs) => {
    const { attempt, result } = attempted(() => undefined);

    expect(() => attempt.nack(delayMs)).toThrow(`expected a delay of 0 to 2147483647 ms, got ${delayMs}`);

    attempt.ack();
    await result;
  });
});
