import { afterEach, describe, expect, it } from '@jest/globals';
import { MemberFencedError } from '../../../../lib/engine/client/consumer-client.js';
import { joinHeaders } from '../../../../lib/engine/recovery/recovery-headers.js';
import { SkipMessageError } from '../../../../lib/messaging/errors.js';
import {
  ConsumingApplication,
  everythingDue,
  soon,
  type ConsumingApplicationOptions,
} from '../../../support/consuming-application.js';
import { deferred } from '../../../support/deferred.js';
import { record, recordAt } from '../../../support/records.js';

const twice = { initialDelayMs: 0, multiplier: 1, maxDelayMs: 0, jitter: 'none', maxAttempts: 2 } as const;
const payments = { topic: 'payments', partition: 0 };

describe('A group consumer', () => {
  let app: ConsumingApplication;

  const consuming = (partitions: number[], options?: ConsumingApplicationOptions) =>
    (app = ConsumingApplication.consuming(partitions, { shutdownTimeoutMs: 20, ...options }));

  afterEach(async () => {
    await app.consumer.stop();
  });

  describe('whose attempts at a record are used up', () => {
    it('skips it by the policy skip: it is completed, and the next is handled', async () => {
      consuming([0], { handler: { retry: twice, onExhausted: 'skip' } });
      app.client.deliver(0, 0, 1);

      await app.failed('orders-0@0', 1);
      await app.failed('orders-0@0', 2);
      await app.handled('orders-0@1');
      await app.committed('orders-0@2');

      expect(app.consumer.status()).toMatchObject({ handled: 1, skipped: 1, failedAttempts: 2 });
    });

    it('stops by the policy stop: the record stays uncommitted, what was completed is committed', async () => {
      consuming([0, 1], { handler: { retry: twice, onExhausted: 'stop' }, commitIntervalMs: 3_600_000 });
      app.client.deliver(1, 0);
      await app.handled('orders-1@0');
      app.client.deliver(0, 0, 1);

      await app.failed('orders-0@0', 1);
      await app.failed('orders-0@0', 2);
      await soon(() => !app.consumer.status().running);
      await app.consumer.stop();

      expect(app.client.commits).toEqual([['orders-1@1']]);
      expect(app.client.calls.at(-1)).toBe('close');
      expect(app.places).not.toContain('orders-0@1');
    });

    it('lets a running handler of another partition finish before it stops', async () => {
      consuming([0, 1], { handler: { retry: twice, onExhausted: 'stop' }, shutdownTimeoutMs: 2000 });
      app.client.deliver(1, 0);
      const other = await app.handling('orders-1@0');
      app.client.deliver(0, 0);

      await app.failed('orders-0@0', 1);
      await app.failed('orders-0@0', 2);
      await soon(() => !app.consumer.status().running);
      expect(other.context.signal.aborted).toBe(false);
      other.end.resolve(undefined);
      await app.consumer.stop();

      expect(app.client.commits).toEqual([['orders-1@1']]);
    });

    it('goes on trying by the policy retry', async () => {
      consuming([0], { handler: { retry: twice } });
      app.client.deliver(0, 0, 1);

      for (const attempt of [1, 2, 3]) await app.failed('orders-0@0', attempt);
      await app.handling('orders-0@0', 4);

      expect(app.places).not.toContain('orders-0@1');
      expect(app.client.commits).toEqual([]);
    });
  });

  describe('with dead letters', () => {
    const handler = { retry: { ...twice, maxAttempts: 1 }, deadLetter: {} };

    it('completes a record once its dead letter is stored, and not before', async () => {
      consuming([0], { handler });
      const stored = deferred();
      app.publisher.onPublish = () => stored.promise;
      app.client.deliver(0, 0, 1);

      await app.failed('orders-0@0');
      await soon(() => app.publisher.attempts === 1);
      await everythingDue();
      expect(app.client.commits).toEqual([]);
      expect(app.places).toEqual(['orders-0@0']);

      stored.resolve();
      await app.handled('orders-0@1');
      await app.committed('orders-0@2');
      expect(app.consumer.status()).toMatchObject({ handled: 1, deadLettered: 1, skipped: 0 });
    });

    it('does not complete it when the partition was lost meanwhile', async () => {
      consuming([0], { handler });
      const stored = deferred();
      app.publisher.onPublish = () => stored.promise;
      app.client.deliver(0, 0);
      await app.failed('orders-0@0');
      await soon(() => app.publisher.attempts === 1);

      app.client.lose(0);
      stored.resolve();
      await everythingDue();

      expect(app.client.commits).toEqual([]);
    });

    it('closes what it publishes with when it stops, and publishes again once it is started again', async () => {
      consuming([0], { handler });
      app.client.deliver(0, 0);
      await app.failed('orders-0@0');
      await app.committed('orders-0@1');
      await app.consumer.stop();
      expect(app.publisher.closed).toBe(true);

      await app.consumer.start();
      app.client.assignPositions([{ topic: 'orders', partition: 0, offset: 1 }]);
      app.client.deliver(0, 1);
      await app.failed('orders-0@1');
      await app.committed('orders-0@2');
    });
  });

  describe('of a retry topic', () => {
    const retryTopic = { topic: 'orders.retry.billing.40ms', partition: 0 };
    const retried = (offset: number, ageMs: number) =>
      record({
        ...retryTopic,
        offset,
        timestamp: Date.now() - ageMs,
        headers: joinHeaders([], {
          'original-topic': 'orders',
          'original-offset': String(100 + offset),
          'original-group': 'billing',
          'original-handler': 'Orders.created',
          attempts: '1',
        }),
      });

    it('pauses it until what it has read is due, and handles it then', async () => {
      consuming([], { handler: { retryTopics: ['40ms'] } });
      app.client.assignPositions([{ ...retryTopic, offset: 0 }]);
      app.client.deliverRecords([retried(0, 1_000), retried(1, 0)]);

      const due = await app.handling('orders-0@100', 2);
      expect(app.client.paused).toEqual(new Set(['orders.retry.billing.40ms-0']));
      expect(app.consumer.status()).toMatchObject({ open: 2 });
      due.end.resolve(undefined);
      const later = await app.handling('orders-0@101', 2);
      expect(app.client.paused).toEqual(new Set());
      later.end.resolve(undefined);
      await app.committed('orders.retry.billing.40ms-0@2');
    });

    it('leaves what is not due to the next owner', async () => {
      consuming([], { handler: { retryTopics: ['40ms'] } });
      app.client.assignPositions([{ ...retryTopic, offset: 0 }]);
      app.client.deliverRecords([retried(0, 0)]);
      await app.consumer.stop();

      expect(app.places).toEqual([]);
      expect(app.client.commits).toEqual([]);
    });
  });

  it('completes a record that its handler skips', async () => {
    consuming([0]);
    app.client.deliver(0, 0);

    await app.failed('orders-0@0', 1, new SkipMessageError('old news'));

    await app.committed('orders-0@1');
    expect(app.consumer.status()).toMatchObject({ handled: 0, skipped: 1 });
  });

  it('skips the records of a topic without a handler, warns once, counts and commits them', async () => {
    consuming([]);
    const { client } = app;
    client.assignPositions([{ ...payments, offset: 0 }]);

    client.deliverRecords([0, 1, 2].map((offset) => recordAt(offset, payments)));

    await app.committed('payments-0@3');
    expect(app.logger.at('warn')).toEqual(['No handler takes topic "payments": its records are skipped']);
    expect(app.consumer.status()).toMatchObject({ handled: 0, skipped: 3 });
  });

  describe('whose client ends', () => {
    it('says why, gives up its partitions and goes on with a new one', async () => {
      consuming([0]);
      app.client.deliver(0, 0);
      const call = await app.handling('orders-0@0');

      app.client.fail(new Error('the coordinator is gone'));
      await soon(() => app.clients.length === 2);

      expect(call.context.signal.aborted).toBe(true);
      expect(app.logger.at('error')).toEqual([
        'The consumer of group "billing" ended, starting it again in 500 ms: the coordinator is gone',
      ]);
      expect(app.consumer.status()).toMatchObject({ running: true, joined: false, assignments: [] });

      app.client.assign(0);
      app.client.deliver(0, 0);
      call.end.resolve(undefined);
      await soon(() => app.calls.length === 2);
    });

    it('counts the first start of a new client as joined only when it has joined', async () => {
      consuming([0]);
      app.client.fail(new Error('the coordinator is gone'));
      await soon(() => app.clients.length === 2);
      let isJoined = false;
      const joined = app.consumer.untilJoined().then(() => (isJoined = true));
      await everythingDue();
      expect(isJoined).toBe(false);

      app.client.assign(0);

      await joined;
    });

    it('stops for good when another process has its place', async () => {
      consuming([0]);

      app.client.fail(new MemberFencedError('another process has joined as "pod-1"'));
      await soon(() => app.consumer.status().running === false);

      expect(app.logger.at('error')).toEqual([
        'Stopping the consumer of group "billing": another process has joined as "pod-1"',
      ]);
      await app.consumer.stop();
      expect(app.clients).toHaveLength(1);
    });

    it('is not silent when it ends without an error', async () => {
      consuming([0]);

      app.client.end();
      await soon(() => app.clients.length === 2);

      expect(app.logger.at('error')).toEqual([expect.stringContaining('without an error')]);
    });
  });

  it('replaces a client that hands out records out of order, rather than commit past a gap', async () => {
    consuming([0]);
    app.client.deliver(0, 5);
    await app.handling('orders-0@5');

    expect(() => app.client.deliver(0, 3)).toThrow('Offset 3 admitted after everything below 6');
  });

  it('starts one client however often it is started', () => {
    consuming([0]);

    void app.consumer.start();

    expect(app.clients).toHaveLength(1);
  });
});
