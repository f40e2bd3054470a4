import { wait } from '../../../../lib/engine/wait.js';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { KafkaMessage } from '../../../../lib/engine/decode/kafka-message.js';
import type { HandlerBinding } from '../../../../lib/engine/handler-binding.js';
import { handleWithAttempts, type Outcome } from '../../../../lib/engine/recovery/attempts.js';
import type { HandlerContext } from '../../../../lib/messaging/handler-context.js';
import { SkipMessageError } from '../../../../lib/messaging/errors.js';
import type { Message } from '../../../../lib/messaging/message.js';
import { deferred } from '../../../support/deferred.js';
import { eventually } from '../../../support/eventually.js';
import { RecordingLogger } from '../../../support/recording-logger.js';
import { recordAt } from '../../../support/records.js';

const message = new KafkaMessage(recordAt(7));
const noDelay = { initialDelayMs: 0, multiplier: 1, maxDelayMs: 0, jitter: 'none' } as const;
const longDelay = { ...noDelay, initialDelayMs: 3_600_000, maxDelayMs: 3_600_000 };

describe('handleWithAttempts', () => {
  let logger: RecordingLogger;
  let draining: AbortController;
  let aborted: AbortController;
  let failures: number;

  beforeEach(() => {
    logger = new RecordingLogger();
    draining = new AbortController();
    aborted = new AbortController();
    failures = 0;
  });

  it('calls the handler once when it succeeds', async () => {
    const contexts: HandlerContext[] = [];

    const outcome = await attempts({ handle: (_, context) => contexts.push(context) });

    expect(outcome).toBe('handled');
    expect(contexts).toEqual([{ signal: aborted.signal, attempt: 1, group: 'billing', handler: 'Orders.created' }]);
    expect(logger.lines).toEqual([]);
  });

  it('hands over the message', async () => {
    const received: Message[] = [];

    await attempts({ handle: (handed) => received.push(handed) });

    expect(received).toEqual([message]);
  });

  it('waits for what the handler returns', async () => {
    const gate = deferred();
    let isDone = false;
    const outcome = attempts({ handle: () => gate.promise }).finally(() => (isDone = true));

    await new Promise(setImmediate);
    expect(isDone).toBe(false);

    gate.resolve();
    expect(await outcome).toBe('handled');
  });

  it('numbers the attempts and counts each failure', async () => {
    const numbers: number[] = [];

    const outcome = await attempts({
      handle: (_, { attempt }) => {
        numbers.push(attempt);
        if (attempt < 4) throw new Error('not yet');
      },
    });

    expect(outcome).toBe('handled');
    expect(numbers).toEqual([1, 2, 3, 4]);
    expect(failures).toBe(3);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
    ],
    ['rejects', () => Promise.reject(new Error('boom'))],
  ])('takes a handler that %s as failed', async (_, handle) => {
    expect(await attempts({ handle, retry: { ...noDelay, maxAttempts: 1 }, onExhausted: 'skip' })).toBe('skipped');
  });

  it.each([
    ['skip', 'skipped'],
    ['stop', 'stopped'],
  ] as const)('ends by the policy %s when the attempts are used up', async (onExhausted, outcome) => {
    const numbers: number[] = [];

    const result = await attempts({ handle: failing(numbers), retry: { ...noDelay, maxAttempts: 3 }, onExhausted });

    expect(result).toBe(outcome);
    expect(numbers).toEqual([1, 2, 3]);
  });

  it('goes on for ever by the policy retry', async () => {
    const numbers: number[] = [];

    const outcome = attempts({ handle: failing(numbers), retry: { ...noDelay, maxAttempts: 2 } });
    await eventually(() => numbers.length > 5, { intervalMs: 1 });
    draining.abort();

    expect(await outcome).toBe('abandoned');
  });

  it('skips at once when the handler says so', async () => {
    const outcome = await attempts({
      handle: () => {
        throw new SkipMessageError('old news');
      },
      onExhausted: 'stop',
    });

    expect(outcome).toBe('skipped');
  });

  it('does not call the handler when the lane drains already', async () => {
    const numbers: number[] = [];
    draining.abort();

    expect(await attempts({ handle: failing(numbers) })).toBe('abandoned');
    expect(numbers).toEqual([]);
  });

  it('cuts the wait between attempts short when the lane drains', async () => {
    const numbers: number[] = [];
    const outcome = attempts({ handle: failing(numbers), retry: { ...longDelay, maxAttempts: Infinity } });
    await eventually(() => numbers.length === 1, { intervalMs: 1 });

    draining.abort();

    expect(await outcome).toBe('abandoned');
    expect(numbers).toEqual([1]);
  });

  it('lets a running handler finish while the lane drains', async () => {
    const gate = deferred();
    const outcome = attempts({ handle: () => gate.promise });

    draining.abort();
    gate.resolve();

    expect(await outcome).toBe('handled');
  });

  it("fires the handler's signal only when the lane is aborted", async () => {
    const gate = deferred();
    let signal: AbortSignal | undefined;
    const outcome = attempts({
      handle: (_, context) => {
        signal = context.signal;
        return gate.promise;
      },
    });

    draining.abort();
    expect(signal?.aborted).toBe(false);
    aborted.abort();
    expect(signal?.aborted).toBe(true);

    gate.resolve();
    await outcome;
  });

  it('logs the first failure and the last with their stack, those between in a line', async () => {
    await attempts({ handle: failing([]), retry: { ...noDelay, maxAttempts: 3 }, onExhausted: 'skip' });

    const place = 'Orders.created failed on orders-0@7';
    expect(logger.lines.map(({ level, message }) => [level, message])).toEqual([
      ['error', `${place}, attempt 1; trying again in 0 ms: TypeError: boom 1`],
      ['warn', `${place}, attempt 2; trying again in 0 ms: TypeError: boom 2`],
      ['error', `${place}, attempt 3; skipping the record (onExhausted: skip): TypeError: boom 3`],
    ]);
    expect(logger.lines.map(({ stack }) => stack?.split('\n')[0])).toEqual([
      'TypeError: boom 1',
      undefined,
      'TypeError: boom 3',
    ]);
  });

  it('says that it stops the consumer', async () => {
    await attempts({ handle: failing([]), retry: { ...noDelay, maxAttempts: 1 }, onExhausted: 'stop' });

    expect(logger.at('error')).toEqual([
      'Orders.created failed on orders-0@7, attempt 1; stopping the consumer, the record stays uncommitted ' +
        '(onExhausted: stop): TypeError: boom 1',
    ]);
  });

  it('says that nothing is dropped when attempts without end go on', async () => {
    const outcome = attempts({ handle: failing([]), retry: { ...longDelay, maxAttempts: 1 } });
    await eventually(() => logger.lines.length === 1, { intervalMs: 1 });
    draining.abort();
    await outcome;

    expect(logger.at('error')[0]).toContain(
      'no attempts left, but nothing is dropped (onExhausted: retry), trying again in 3600000 ms',
    );
  });

  it('logs what was thrown when it is no error', async () => {
    const handle = () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw 'plain words';
    };

    await attempts({ handle, retry: { ...noDelay, maxAttempts: 1 }, onExhausted: 'skip' });

    expect(logger.at('error')[0]).toMatch(/: plain words$/);
  });

  function attempts(overrides: Partial<HandlerBinding>): Promise<Outcome> {
    const binding: HandlerBinding = {
      name: 'Orders.created',
      retry: { ...noDelay, maxAttempts: Infinity },
      onExhausted: 'retry',
      handle: () => undefined,
      ...overrides,
    };
    const signals = { aborted: aborted.signal, draining: draining.signal };
    const onFailure = () => void failures++;
    return handleWithAttempts(binding, message, signals, { group: 'billing', logger, onFailure, waitForRetry: wait });
  }

  function failing(numbers: number[]): HandlerBinding['handle'] {
    return async (_, { attempt }) => {
      numbers.push(attempt);
      throw new TypeError(`boom ${attempt}`);
    };
  }
});
