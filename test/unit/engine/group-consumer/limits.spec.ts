import { afterEach, describe, expect, it } from '@jest/globals';
import {
  ConsumingApplication,
  soon,
  type ConsumingApplicationOptions,
} from '../../../support/consuming-application.js';
import { record } from '../../../support/records.js';

describe('A group consumer under its limits', () => {
  let app: ConsumingApplication;

  const consuming = (partitions: number[], options?: ConsumingApplicationOptions) =>
    (app = ConsumingApplication.consuming(partitions, { shutdownTimeoutMs: 20, ...options }));

  afterEach(async () => {
    await app.consumer.stop();
  });

  it('pauses a partition that holds too many records, and resumes it when half are done', async () => {
    consuming([0], { maxInFlightRecords: 4 });
    app.client.deliver(0, 0, 1, 2);
    expect(app.client.paused.size).toBe(0);
    app.client.deliver(0, 3);
    expect([...app.client.paused]).toEqual(['orders-0']);

    await app.handled('orders-0@0');
    await app.handling('orders-0@1');
    expect(app.client.paused.size).toBe(1);

    await app.handled('orders-0@1');
    await soon(() => app.client.paused.size === 0);
  });

  it('pauses a partition that holds too many bytes', () => {
    consuming([0], { maxInFlightBytes: 1000 });

    app.client.deliverRecords([record({ offset: 0, value: Buffer.alloc(1000) })]);

    expect([...app.client.paused]).toEqual(['orders-0']);
  });

  it('does not let a partition that stands still take what belongs to another', async () => {
    consuming([0, 1], { maxInFlightRecords: 8 });
    app.client.deliver(0, 0, 1, 2, 3, 4, 5);
    app.client.deliver(1, 0);

    expect([...app.client.paused]).toEqual(['orders-0']);
    await app.handled('orders-1@0');
  });

  it('forgets the pause of a partition that was given up', async () => {
    consuming([0], { maxInFlightRecords: 1 });
    app.client.deliver(0, 0);
    expect(app.client.paused.size).toBe(1);
    app.client.lose(0);
    app.client.paused.clear();

    app.client.assign(0);
    app.client.deliver(0, 0);

    expect([...app.client.paused]).toEqual(['orders-0']);
  });
});
