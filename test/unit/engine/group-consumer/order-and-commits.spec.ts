import { afterEach, describe, expect, it } from '@jest/globals';
import { CommitFailedError } from '../../../../lib/engine/client/consumer-client.js';
import {
  ConsumingApplication,
  everythingDue,
  soon,
  type ConsumingApplicationOptions,
} from '../../../support/consuming-application.js';

describe('A group consumer', () => {
  let app: ConsumingApplication;

  const consuming = (partitions: number[], options?: ConsumingApplicationOptions) =>
    (app = ConsumingApplication.consuming(partitions, { shutdownTimeoutMs: 20, ...options }));

  afterEach(async () => {
    await app.consumer.stop();
  });

  it('handles the records of a partition one after the other', async () => {
    consuming([0]);
    app.client.deliver(0, 0, 1, 2);

    await app.handling('orders-0@0');
    await everythingDue();
    expect(app.places).toEqual(['orders-0@0']);

    await app.handled('orders-0@0', 'orders-0@1', 'orders-0@2');
    expect(app.places).toEqual(['orders-0@0', 'orders-0@1', 'orders-0@2']);
  });

  it('handles the records of different partitions side by side', async () => {
    consuming([0, 1]);
    app.client.deliver(0, 0);
    app.client.deliver(1, 0);

    await app.handling('orders-0@0');
    await app.handling('orders-1@0');
  });

  it('holds the records behind a failing one, but not those of another partition', async () => {
    consuming([0, 1]);
    app.client.deliver(0, 0, 1);
    app.client.deliver(1, 0, 1);

    await app.failed('orders-0@0', 1);
    await app.failed('orders-0@0', 2);
    await app.handled('orders-1@0', 'orders-1@1');
    await app.handling('orders-0@0', 3);

    expect(app.places).not.toContain('orders-0@1');
  });

  it('goes on with the same record until it is handled', async () => {
    consuming([0]);
    app.client.deliver(0, 0, 1);

    for (const attempt of [1, 2, 3]) await app.failed('orders-0@0', attempt);
    (await app.handling('orders-0@0', 4)).end.resolve(undefined);
    await app.handling('orders-0@1');

    expect(app.places).toEqual([...Array<string>(4).fill('orders-0@0'), 'orders-0@1']);
    expect(app.consumer.status()).toMatchObject({ handled: 1, failedAttempts: 3 });
  });

  it('commits what is completed in the background', async () => {
    consuming([0]);
    app.client.deliver(0, 0, 1);

    await app.handled('orders-0@0', 'orders-0@1');

    await app.committed('orders-0@2');
  });

  it('commits the partitions that have moved in one request', async () => {
    consuming([0, 1, 2], { commitIntervalMs: 40 });
    for (const partition of [0, 1]) app.client.deliver(partition, 0);

    await app.handled('orders-0@0', 'orders-1@0');
    await app.committed('orders-0@1');

    expect(app.client.commits).toEqual([['orders-0@1', 'orders-1@1']]);
  });

  it('never commits past an open record', async () => {
    consuming([0, 1]);
    app.client.deliver(0, 0, 1, 2);
    app.client.deliver(1, 0);

    await app.handled('orders-0@0');
    await app.failed('orders-0@1', 1);
    await app.handled('orders-1@0');
    await app.committed('orders-1@1');
    await app.committed('orders-0@1');
    await everythingDue();

    expect(app.client.commits.flat()).not.toContain('orders-0@2');
  });

  it('commits nothing while nothing moves', async () => {
    consuming([0]);
    app.client.deliver(0, 0);
    await app.handled('orders-0@0');
    await app.committed('orders-0@1');

    await new Promise((resolve) => setTimeout(resolve, 30)); // six commit intervals

    expect(app.client.commits).toHaveLength(1);
  });

  it('tries a failed commit again', async () => {
    consuming([0]);
    app.client.onCommit = () => Promise.reject(new Error('coordinator moved'));
    app.client.deliver(0, 0);
    await app.handled('orders-0@0');
    await app.committed('orders-0@1');

    app.client.onCommit = () => Promise.resolve();
    const before = app.client.commits.length;

    await soon(() => app.client.commits.length > before);
    expect(app.client.commits.at(-1)).toEqual(['orders-0@1']);
  });

  it('moves past what was read and holds no record', async () => {
    consuming([0]);
    app.client.deliver(0, 5);
    await app.handled('orders-0@5');

    await app.committed('orders-0@6');
  });

  describe('with autoCommit off', () => {
    it('commits a record before its partition goes on', async () => {
      consuming([0], { autoCommit: false, commitIntervalMs: 3_600_000 });
      let answer: () => void = () => undefined;
      app.client.onCommit = () => new Promise((resolve) => (answer = resolve));
      app.client.deliver(0, 0, 1);

      await app.handled('orders-0@0');
      await app.committed('orders-0@1');
      await everythingDue();
      expect(app.places).toEqual(['orders-0@0']);

      answer();
      await app.handling('orders-0@1');
      app.client.onCommit = () => Promise.resolve();
    });

    it('does not go on past a record whose commit fails', async () => {
      consuming([0], { autoCommit: false, commitIntervalMs: 3_600_000 });
      app.client.onCommit = () => Promise.reject(new Error('coordinator moved'));
      app.client.deliver(0, 0, 1);
      await app.handled('orders-0@0');
      await app.committed('orders-0@1');
      await everythingDue();
      expect(app.places).toEqual(['orders-0@0']);

      app.client.onCommit = () => Promise.resolve();

      await app.handling('orders-0@1');
      expect(app.client.commits).toEqual([['orders-0@1'], ['orders-0@1']]);
    });

    it('goes on with a partition whose commit succeeds beside one that is refused', async () => {
      consuming([0, 1], { autoCommit: false, commitIntervalMs: 3_600_000 });
      const refused = [{ topic: 'orders', partition: 1 }];
      app.client.onCommit = () =>
        app.client.commits.at(-1)!.some((position) => position.startsWith('orders-1'))
          ? Promise.reject(new CommitFailedError('forbidden', refused))
          : Promise.resolve();
      app.client.deliver(1, 0);
      app.client.deliver(0, 0, 1);

      await app.handled('orders-1@0', 'orders-0@0');

      await app.handling('orders-0@1');
      expect(app.places).not.toContain('orders-1@1');
      app.client.onCommit = () => Promise.resolve();
    });

    it('shares a request between partitions that wait together', async () => {
      consuming([0, 1, 2], { autoCommit: false, commitIntervalMs: 3_600_000 });
      const answers: (() => void)[] = [];
      app.client.onCommit = () => new Promise((resolve) => answers.push(resolve));
      for (const partition of [0, 1, 2]) app.client.deliver(partition, 0);

      await app.handled('orders-0@0');
      await app.committed('orders-0@1');
      await app.handled('orders-1@0', 'orders-2@0');
      await everythingDue();
      answers[0]!();
      await app.committed('orders-1@1');
      answers[1]!();

      expect(app.client.commits).toEqual([['orders-0@1'], ['orders-1@1', 'orders-2@1']]);
    });
  });
});
