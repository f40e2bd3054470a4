import { afterEach, describe, expect, it } from '@jest/globals';
import { MemberFencedError } from '../../../../lib/engine/client/consumer-client.js';
import { ConsumingApplication, soon } from '../../../support/consuming-application.js';
import { handlerBinding } from '../../../support/handler-binding.js';

describe('The status of a group consumer', () => {
  let app: ConsumingApplication;

  afterEach(async () => {
    for (const { end } of app.calls) end.resolve(undefined);
    await app.consumer.stop();
  });

  const stateAndReason = () => {
    const { state, reason } = app.consumer.status();
    return [state, reason];
  };

  it('is a plain object, whatever the consumer is at', async () => {
    app = new ConsumingApplication();
    const isPlain = () => {
      const status = [app.consumer.status(), app.consumer.assignments()];
      expect(JSON.parse(JSON.stringify(status))).toStrictEqual(status);
    };
    isPlain();

    await app.consumer.start();
    isPlain();
    app.client.assign(0, 1);
    app.consumer.setPaused(true, 'orders', [1]);
    app.client.deliver(0, 0);
    app.client.onCommit = () => Promise.reject(new Error('boom'));
    await app.handled('orders-0@0');
    await soon(() => app.consumer.status().commitFailures > 0);
    app.client.condition = { ...app.client.condition, throttled: [{ broker: 'kafka:9092', ms: 300 }] };
    isPlain();

    app.client.fail(new Error('crashed'));
    await soon(() => app.consumer.status().failures !== null);
    isPlain();
  });

  it('says what it waits for', async () => {
    app = new ConsumingApplication();
    expect(stateAndReason()).toEqual(['not-started', 'it has not been started yet']);

    await app.consumer.start();
    app.client.condition = { ...app.client.condition, step: 'connecting' };
    expect(stateAndReason()).toEqual(['connecting', 'it looks for the brokers']);

    app.client.condition = { ...app.client.condition, step: 'member' };
    app.client.assign();
    expect(stateAndReason()).toEqual([
      'unassigned',
      'all partitions are with other members: the group has more members than partitions',
    ]);
    app.client.assign(0);
    expect(stateAndReason()).toEqual(['consuming', null]);

    app.client.fail(new Error('crashed'));
    await soon(() => app.consumer.status().restarts === 0 && app.consumer.status().failures !== null);
    expect(stateAndReason()).toEqual(['connecting', 'crashed']);
    await soon(() => app.clients.length === 2);
    app.client.assign(0);
    expect(app.consumer.status()).toMatchObject({ state: 'consuming', restarts: 1, failures: { error: 'crashed' } });

    await app.consumer.stop();
    expect(stateAndReason()).toEqual(['stopped', 'the application has stopped it']);
    await app.consumer.start();
    expect(app.consumer.status()).toMatchObject({ running: true, joined: false });
  });

  it('says why it has ended, until it is started again', async () => {
    app = ConsumingApplication.consuming([0]);
    app.client.fail(new MemberFencedError('another process has joined'));
    await soon(() => app.consumer.status().running === false);

    expect(stateAndReason()).toEqual(['fenced', 'another process has joined']);
    await app.consumer.stop();
    await app.consumer.start();
    app.client.assign(0);
    expect(stateAndReason()).toEqual(['consuming', null]);
  });

  it('says whose record has ended it by a policy', async () => {
    const retry = { ...handlerBinding().retry, maxAttempts: 1 };
    app = ConsumingApplication.consuming([0], { handler: { onExhausted: 'stop', retry } });
    app.client.deliver(0, 0);
    await app.failed('orders-0@0');
    await soon(() => app.consumer.status().running === false);

    expect(stateAndReason()).toEqual(['halted', "onExhausted: 'stop' has ended it, at a message of orders-0"]);
  });

  it('says since when it is a member, and for how long it is none', async () => {
    app = new ConsumingApplication();
    await app.consumer.start();
    await soon(() => app.consumer.status().outsideMs > 0);
    expect(app.consumer.status().joinedSince).toBeNull();

    app.client.assign(0);

    const { joinedSince, outsideMs } = app.consumer.status();
    expect(Math.abs(Date.now() - Date.parse(joinedSince!))).toBeLessThan(1_000);
    expect(outsideMs).toBe(0);
  });

  it('says what is paused, and why', () => {
    app = ConsumingApplication.consuming([0, 1, 2], { maxInFlightRecords: 6 });
    app.consumer.setPaused(true, 'orders', [1]);
    app.client.deliver(2, 0, 1, 2, 3);

    expect(app.consumer.status().paused).toEqual([
      { topic: 'orders', partition: 1, reasons: ['application'] },
      { topic: 'orders', partition: 2, reasons: ['backpressure'] },
    ]);
    expect(app.consumer.assignments().map(({ paused }) => paused)).toEqual([false, true, false]);
  });

  it('says how often the record that holds a partition has failed', async () => {
    app = ConsumingApplication.consuming([0]);
    app.client.deliver(0, 0, 1);
    await app.failed('orders-0@0');
    await app.failed('orders-0@0', 2);
    const third = await app.handling('orders-0@0', 3);
    expect(app.consumer.assignments()).toMatchObject([{ position: '0', retries: 2 }]);

    third.end.resolve(undefined);
    await app.handling('orders-0@1');

    expect(app.consumer.assignments()).toMatchObject([{ position: '1', retries: 0 }]);
  });

  it('says which commits fail, and why', async () => {
    app = ConsumingApplication.consuming([0, 1]);
    app.client.onCommit = () => Promise.reject(new Error('boom'));
    app.client.deliver(0, 0);
    await app.handled('orders-0@0');
    await soon(() => app.consumer.status().commitFailures > 0);
    const troubles = () => app.consumer.assignments().map(({ commitTrouble }) => commitTrouble?.error ?? null);
    expect(troubles()).toEqual(['boom', null]);

    app.client.onCommit = () => Promise.resolve();
    await soon(() => app.consumer.status().commits > 0);
    expect(troubles()).toEqual([null, null]);
  });

  it('counts how often its partitions change', async () => {
    app = ConsumingApplication.consuming([0, 1]);
    await app.client.revoke([1]);
    app.client.lose(0);
    app.client.assign(0);

    expect(app.consumer.status().rebalances).toBe(4);
  });

  it('tells how full the metadata of commits is', async () => {
    app = ConsumingApplication.consuming([0], { handler: { order: 'unordered' } });
    app.client.deliver(0, 0, 1, 2);
    await app.handled('orders-0@1', 'orders-0@2');
    await soon(() => app.consumer.status().handled === 2);

    const { metadataFill } = app.consumer.status();
    expect(metadataFill).toBeGreaterThan(0);
    expect(metadataFill).toBeLessThan(0.01);
  });
});
