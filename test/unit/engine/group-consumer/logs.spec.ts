import { afterEach, describe, expect, it } from '@jest/globals';
import type { ConsumingApplicationOptions } from '../../../support/consuming-application.js';
import { ConsumingApplication, soon } from '../../../support/consuming-application.js';

const never = { initialDelayMs: 0, multiplier: 1, maxDelayMs: 0, jitter: 'none', maxAttempts: 1 } as const;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

describe('What a group consumer logs', () => {
  let app: ConsumingApplication;

  const consuming = (options: ConsumingApplicationOptions) => (app = ConsumingApplication.consuming([0], options));

  afterEach(async () => {
    await app.consumer.stop();
  });

  it('is not a line for a record that is handled', async () => {
    consuming({ handler: { handle: () => undefined }, maxInFlightRecords: 10_000 });
    app.client.deliver(0, ...numbers(1000));
    await soon(() => app.consumer.status().handled === 1000);
    await app.consumer.stop();

    expect(app.logger.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'log Group "billing" joined; reading orders-0@0',
      'log Left group "billing"',
    ]);
  });

  it('is a line where a dead letter has gone, with its fields', async () => {
    consuming({ handler: { retry: never, deadLetter: { topic: 'orders.dlq' } } });
    app.client.deliver(0, 7);
    await app.failed('orders-0@7', 1, new TypeError('boom'));
    await soon(() => app.consumer.status().deadLettered === 1);

    expect(app.logger.at('warn')).toEqual([
      'orders-0@7 is a dead letter after 1 attempt of Orders.created, stored as orders.dlq-0@0',
    ]);
    const record = {
      group: 'billing',
      topic: 'orders',
      partition: 0,
      offset: '7',
      handler: 'Orders.created',
      attempt: 1,
    };
    expect(app.logger.fields.filter(({ handler }) => handler)).toEqual([
      {
        event: 'failed',
        ...record,
        consequence: 'dead-letter',
        to: { topic: 'orders.dlq' },
        error: 'TypeError: boom',
        errorClass: 'TypeError',
      },
      { event: 'dead-lettered', ...record, to: { topic: 'orders.dlq', partition: 0, offset: '0' } },
    ]);
  });

  it('is no flood when every record fails: the first ten of a kind whole, and at the end how many more', async () => {
    const handle = (): never => {
      throw new TypeError('boom');
    };
    consuming({ handler: { handle, retry: never, deadLetter: { topic: 'orders.dlq' } }, maxInFlightRecords: 10_000 });
    app.client.deliver(0, ...numbers(1000));
    await soon(() => app.consumer.status().deadLettered === 1000);

    const errors = () => app.logger.lines.filter(({ level }) => level === 'error');
    expect(errors()).toHaveLength(10);
    expect(errors().every(({ stack }) => stack?.includes('TypeError: boom'))).toBe(true);
    expect(app.logger.at('warn')).toHaveLength(10);
    await app.consumer.stop();
    expect(errors()).toHaveLength(11);
    expect(errors()[10]!.message).toMatch(
      /^Orders.created failed on orders-0@999, .* \(and 989 more like it in the last 1 s\)$/,
    );
    expect(app.logger.at('warn')[10]).toMatch(
      /^orders-0@999 is a dead letter .* \(and 989 more like it in the last 1 s\)$/,
    );
  });

  it('is how long running handlers were waited for', async () => {
    consuming({});
    app.client.deliver(0, 0);
    const call = await app.handling('orders-0@0');
    const stopped = app.consumer.stop();
    setTimeout(() => call.end.resolve(undefined), 20);
    await stopped;

    const drained = app.logger.fields.find(({ event }) => event === 'drained');
    expect(app.logger.at('log')).toContainEqual(
      expect.stringMatching(/^Group "billing" waited \d+ ms for 1 running handler of orders-0$/),
    );
    expect(drained).toMatchObject({ group: 'billing', handlers: 1, partitions: [{ topic: 'orders', partition: 0 }] });
    expect(drained!.durationMs).toBeGreaterThanOrEqual(15);
  });

  it('says when some are still running', async () => {
    consuming({ shutdownTimeoutMs: 20 });
    app.client.deliver(0, 0);
    await app.handling('orders-0@0');
    await app.consumer.stop();

    expect(app.logger.at('log')).toContainEqual(
      expect.stringMatching(/1 running handler of orders-0; 1 still running$/),
    );
  });

  it('has where a record waits for its next attempt at debug level', async () => {
    consuming({ handler: { retry: never, retryTopics: ['5s'] } });
    app.client.deliver(0, 3);
    await app.failed('orders-0@3');
    await soon(() => app.consumer.status().retriedLater === 1);

    expect(app.logger.at('debug')).toEqual([
      'orders-0@3 waits for its next attempt, stored as orders.retry.billing.5s-0@0',
    ]);
  });

  it('is no flood when every commit fails', async () => {
    consuming({ handler: { handle: () => undefined }, commitIntervalMs: 1, shutdownTimeoutMs: 20 });
    app.client.onCommit = () => Promise.reject(new Error('no coordinator'));
    app.client.deliver(0, ...numbers(10));
    await soon(() => app.client.commits.length > 30);

    expect(app.logger.at('warn')).toEqual(
      Array.from({ length: 10 }, () => 'Commit of orders-0@10 failed, it is tried again: no coordinator'),
    );
  });
});
