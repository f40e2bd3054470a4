import { afterEach, describe, expect, it } from '@jest/globals';
import {
  ConsumerObserver,
  type CommitFailedEvent,
  type CommittedEvent,
  type RebalancedEvent,
} from '../../../../lib/messaging/consumer-observer.js';
import {
  ConsumingApplication,
  soon,
  type ConsumingApplicationOptions,
} from '../../../support/consuming-application.js';

class Told extends ConsumerObserver {
  readonly commits: CommittedEvent[] = [];
  readonly failures: CommitFailedEvent[] = [];
  readonly rebalances: RebalancedEvent[] = [];

  override committed(event: CommittedEvent): void {
    this.commits.push(event);
  }

  override commitFailed(event: CommitFailedEvent): void {
    this.failures.push(event);
  }

  override rebalanced(event: RebalancedEvent): void {
    this.rebalances.push(event);
  }
}

describe('The observer of a group consumer', () => {
  let app: ConsumingApplication;
  let told: Told;

  const consuming = (options?: ConsumingApplicationOptions) => {
    told = new Told();
    app = ConsumingApplication.consuming([0, 1], { observer: told, ...options });
  };

  afterEach(async () => {
    await app.consumer.stop();
  });

  it('is told of commits, with how long they took', async () => {
    consuming();
    app.client.deliver(0, 0);
    await app.handled('orders-0@0');
    await soon(() => told.commits.length > 0);

    const positions = [{ topic: 'orders', partition: 0, offset: '1' }];
    expect(told.commits).toEqual([{ group: 'billing', positions, durationMs: expect.any(Number) }]);
    expect(told.failures).toEqual([]);
  });

  it('is told of commits that fail, and of their success when they are tried again', async () => {
    consuming();
    const error = new Error('the coordinator is loading');
    app.client.onCommit = () => {
      app.client.onCommit = () => Promise.resolve();
      return Promise.reject(error);
    };
    app.client.deliver(0, 0);
    await app.handled('orders-0@0');
    await soon(() => told.commits.length > 0);

    const positions = [{ topic: 'orders', partition: 0, offset: '1' }];
    expect(told.failures).toEqual([{ group: 'billing', positions, durationMs: expect.any(Number), error }]);
    expect(told.commits.map((commit) => commit.positions)).toEqual([positions]);
  });

  it('is told which partitions come, are given up and are taken away', async () => {
    consuming();
    await app.client.revoke([1]);
    app.client.lose(0, 1);

    expect(told.rebalances).toEqual([
      {
        group: 'billing',
        change: 'assigned',
        partitions: [
          { topic: 'orders', partition: 0 },
          { topic: 'orders', partition: 1 },
        ],
      },
      { group: 'billing', change: 'revoked', partitions: [{ topic: 'orders', partition: 1 }] },
      { group: 'billing', change: 'lost', partitions: [{ topic: 'orders', partition: 0 }] },
    ]);
  });

  it.each([
    ['given up where the consumer stops', 'revoked', () => app.consumer.stop()],
    ['taken away where its client ends', 'lost', () => Promise.resolve(app.client.end())],
  ])('is told that they are %s', async (_, change, end) => {
    consuming();
    await end();
    await soon(() => told.rebalances.length > 1);

    expect(told.rebalances[1]).toMatchObject({ change, partitions: [{ partition: 0 }, { partition: 1 }] });
  });
});
