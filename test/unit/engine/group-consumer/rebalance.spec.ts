import { afterEach, describe, expect, it } from '@jest/globals';
import type { Message } from '../../../../lib/messaging/message.js';
import { deferred } from '../../../support/deferred.js';
import { record } from '../../../support/records.js';
import {
  ConsumingApplication,
  everythingDue,
  soon,
  type ConsumingApplicationOptions,
} from '../../../support/consuming-application.js';

describe('A group consumer whose partition is revoked', () => {
  let app: ConsumingApplication;

  const consuming = (partitions: number[], options?: ConsumingApplicationOptions) =>
    (app = ConsumingApplication.consuming(partitions, {
      commitIntervalMs: 3_600_000,
      shutdownTimeoutMs: 20,
      ...options,
    }));

  afterEach(async () => {
    await app.consumer.stop();
  });

  it('waits for the running handler, commits what it has completed, and then gives up', async () => {
    consuming([0]);
    app.client.deliver(0, 0, 1);
    const call = await app.handling('orders-0@0');
    let isGivenUp = false;
    const revoked = app.client.revoke([0]).then(() => (isGivenUp = true));
    await everythingDue();
    expect(isGivenUp).toBe(false);
    expect(call.context.signal.aborted).toBe(false);

    call.end.resolve(undefined);
    await revoked;

    expect(app.client.commits).toEqual([['orders-0@1']]);
    expect(app.places).toEqual(['orders-0@0']);
    expect(app.consumer.status().assignments).toEqual([]);
  });

  it('does not begin with a batch whose payloads come after the loss', async () => {
    const payload = deferred<unknown>();
    const format = { eager: true, deserialize: () => payload.promise };
    const batches: Message[][] = [];
    const batch = { maxSize: 1, maxWaitMs: 0, handle: (messages: Message[]) => batches.push(messages) };
    consuming([0], { handler: { deserializerOf: () => format, batch } });
    app.client.deliverRecords([record({ value: Buffer.from('a') })]);
    await soon(() => app.consumer.status().inFlight === 1);

    app.client.lose(0);
    payload.resolve('a');
    await soon(() => app.consumer.status().inFlight === 0);

    expect(batches).toEqual([]);
  });

  it('waits for the answer to the commit before it gives up', async () => {
    consuming([0]);
    let answer: () => void = () => undefined;
    app.client.onCommit = () => new Promise((resolve) => (answer = resolve));
    app.client.deliver(0, 0);
    await app.handled('orders-0@0');
    let isGivenUp = false;
    const revoked = app.client.revoke([0]).then(() => (isGivenUp = true));
    await app.committed('orders-0@1');
    await everythingDue();
    expect(isGivenUp).toBe(false);

    answer();
    await revoked;
  });

  it('tries a commit that fails again before it gives up', async () => {
    consuming([0]);
    app.client.onCommit = () => {
      app.client.onCommit = () => Promise.resolve();
      return Promise.reject(new Error('rebalance in progress'));
    };
    app.client.deliver(0, 0);
    await app.handled('orders-0@0');

    await app.client.revoke([0], 5000);

    expect(app.client.commits).toEqual([['orders-0@1'], ['orders-0@1']]);
  });

  it('stops waiting between the attempts of a failing record', async () => {
    consuming([0], { handler: { retry: hourly } });
    app.client.deliver(0, 0);
    await app.failed('orders-0@0');

    await app.client.revoke([0], 60_000);

    expect(app.client.commits).toEqual([]);
    expect(app.places).toEqual(['orders-0@0']);
  });

  it('aborts a handler that takes longer than the time for it, and leaves its record uncommitted', async () => {
    consuming([0]);
    app.client.deliver(0, 0, 1);
    await app.handled('orders-0@0');
    const call = await app.handling('orders-0@1');

    await app.client.revoke([0], 40);

    expect(call.context.signal.aborted).toBe(true);
    expect(app.logger.at('warn')).toEqual([
      'A handler of orders-0, offset 1 or later, is still running after 40 ms; it is aborted, and its record stays ' +
        'uncommitted unless the handler completes it now',
    ]);
    call.end.resolve(undefined);
    await everythingDue();
    expect(app.client.commits).toEqual([['orders-0@1']]);
    expect(app.consumer.status().handled).toBe(2);
  });

  it('goes on with the partitions that it keeps', async () => {
    consuming([0, 1]);
    app.client.deliver(1, 0, 1);
    await app.client.revoke([0]);

    await app.handled('orders-1@0', 'orders-1@1');

    expect(app.consumer.status().assignments).toEqual([{ topic: 'orders', partition: 1 }]);
  });

  it('takes no records of it any more', async () => {
    consuming([0]);
    await app.client.revoke([0]);

    app.client.deliver(0, 0);
    await everythingDue();

    expect(app.places).toEqual([]);
  });

  it('handles nothing that came while it was draining', async () => {
    consuming([0]);
    app.client.deliver(0, 0);
    const call = await app.handling('orders-0@0');
    const revoked = app.client.revoke([0]);
    app.client.deliver(0, 1);
    call.end.resolve(undefined);
    await revoked;

    expect(app.places).toEqual(['orders-0@0']);
    expect(app.client.commits).toEqual([['orders-0@1']]);
  });

  it('reads it from its new position when it comes back', async () => {
    consuming([0]);
    app.client.deliver(0, 0);
    await app.handled('orders-0@0');
    await app.client.revoke([0]);

    app.client.assign(0);
    app.client.deliver(0, 0);
    await soon(() => app.places.length === 2);

    expect(app.places).toEqual(['orders-0@0', 'orders-0@0']);
  });
});

describe('A group consumer whose partition is lost', () => {
  let app: ConsumingApplication;

  afterEach(async () => {
    await app.consumer.stop();
  });

  it("fires the handler's signal at once and commits nothing of it", async () => {
    app = ConsumingApplication.consuming([0, 1], { shutdownTimeoutMs: 20 });
    app.client.deliver(0, 0, 1);
    app.client.deliver(1, 0);
    const call = await app.handling('orders-0@0');

    app.client.lose(0);
    expect(call.context.signal.aborted).toBe(true);
    call.end.resolve(undefined);
    await app.handled('orders-1@0');
    await app.committed('orders-1@1');

    expect(app.client.commits).toEqual([['orders-1@1']]);
    expect(app.places).toEqual(['orders-0@0', 'orders-1@0']);
  });

  it('does not let work of the old assignment count for the new one', async () => {
    app = ConsumingApplication.consuming([0], { shutdownTimeoutMs: 20 });
    app.client.deliver(0, 0, 1);
    const old = await app.handling('orders-0@0');
    app.client.lose(0);
    app.client.assign(0);
    app.client.deliver(0, 0, 1);
    await everythingDue();
    expect(app.places).toEqual(['orders-0@0']); // it never runs beside the one that is aborted

    old.end.resolve(undefined);
    await soon(() => app.calls.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 30)); // six commit intervals

    expect(app.client.commits).toEqual([]);
    expect(app.places).toEqual(['orders-0@0', 'orders-0@0']);
  });

  it('does not try the record again', async () => {
    app = ConsumingApplication.consuming([0], { shutdownTimeoutMs: 20 });
    app.client.deliver(0, 0);
    const call = await app.handling('orders-0@0');

    app.client.lose(0);
    call.end.reject(new Error('aborted'));
    await everythingDue();

    expect(app.calls).toHaveLength(1);
  });
});

const hourly = {
  initialDelayMs: 3_600_000,
  multiplier: 1,
  maxDelayMs: 3_600_000,
  jitter: 'none',
  maxAttempts: Infinity,
} as const;
