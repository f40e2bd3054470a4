import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Cluster, TopicMetadata } from '../../../../../lib/engine/client/connection/cluster.js';
import { ErrorCode } from '../../../../../lib/engine/client/connection/protocol-errors.js';
import { sameTopics, TopicSubscription } from '../../../../../lib/engine/client/group/topic-subscription.js';
import type { TopicPattern } from '../../../../../lib/engine/topic-pattern.js';
import { deferred } from '../../../../support/deferred.js';
import { RecordingLogger } from '../../../../support/recording-logger.js';

const noSideTopics = { beside: () => Promise.resolve([]), includes: () => false };

describe('TopicSubscription', () => {
  /** Topics by name, with their number of partitions or what is wrong with them. */
  let topics: Record<string, { partitions: number; errorCode?: number; isInternal?: boolean }>;
  let logger: RecordingLogger;

  beforeEach(() => {
    logger = new RecordingLogger();
    topics = { orders: { partitions: 3 }, payments: { partitions: 2 } };
  });

  it('finds the named topics with their number of partitions', async () => {
    expect(await resolved(subscriptionTo('orders', 'payments'))).toEqual({ orders: 3, payments: 2 });
    expect(logger.lines).toEqual([]);
  });

  it('finds what a RegExp matches now, a topic that is named, too, only once', async () => {
    topics['orders.eu'] = { partitions: 1 };

    expect(await resolved(subscriptionTo('orders', /^orders/))).toEqual({ orders: 3, 'orders.eu': 1 });
  });

  it('asks for all topics only when there is a RegExp', async () => {
    topics['orders.eu'] = { partitions: 1, errorCode: ErrorCode.TopicAuthorizationFailed };

    await resolved(subscriptionTo('orders'));

    expect(logger.lines).toEqual([]);
  });

  it.each([
    ['internal topics', '__orders'],
    ['dead letters', 'orders.dlq'],
    ['retry topics', 'orders.retry.1'],
  ])('never finds %s by a RegExp', async (_, name) => {
    topics[name] = { partitions: 1 };

    expect(await resolved(subscriptionTo(/orders/))).toEqual({ orders: 3 });
  });

  it('never finds by a RegExp what the broker calls internal', async () => {
    topics['orders-changelog'] = { partitions: 1, isInternal: true };

    expect(await resolved(subscriptionTo(/orders/))).toEqual({ orders: 3 });
  });

  it('finds a dead-letter topic by its name', async () => {
    topics['orders.dlq'] = { partitions: 1 };

    expect(await resolved(subscriptionTo('orders.dlq'))).toEqual({ 'orders.dlq': 1 });
  });

  it('goes on without a missing topic, names it once and wants to look again soon', async () => {
    const subscription = subscriptionTo('orders', 'refunds');
    expect(subscription.incomplete).toBe(false);

    expect(await resolved(subscription)).toEqual({ orders: 3 });
    await subscription.resolve();

    expect(logger.at('warn')).toEqual(['Topic "refunds" does not exist; waiting for it to be created']);
    expect(subscription.incomplete).toBe(true);
  });

  it('says when a missing topic is there', async () => {
    const subscription = subscriptionTo('orders', 'refunds');
    await subscription.resolve();
    topics.refunds = { partitions: 1 };

    expect(await resolved(subscription)).toEqual({ orders: 3, refunds: 1 });

    expect(logger.at('log')).toEqual(['Topic "refunds" is there now']);
    expect(subscription.incomplete).toBe(false);
  });

  it('names a topic again that is deleted a second time', async () => {
    const subscription = subscriptionTo('orders');
    for (const found of [undefined, { partitions: 1 }, undefined]) {
      topics = found ? { orders: found } : {};
      await subscription.resolve();
    }

    expect(logger.at('warn')).toHaveLength(2);
  });

  it('goes on without a forbidden topic, and names the permissions that are missing', async () => {
    topics.payments = { partitions: 0, errorCode: ErrorCode.TopicAuthorizationFailed };
    const subscription = subscriptionTo('orders', 'payments');

    expect(await resolved(subscription)).toEqual({ orders: 3 });
    await subscription.resolve();

    expect(logger.at('warn')).toEqual([
      'Topic "payments" may not be read: this client needs the permissions Describe and Read on it; trying again',
    ]);
  });

  it('names any other fault of a topic', async () => {
    topics.payments = { partitions: 0, errorCode: 17 };

    await subscriptionTo('payments').resolve();

    expect(logger.at('warn')).toEqual([expect.stringMatching(/^Topic "payments" cannot be read: .*INVALID_TOPIC/)]);
  });

  it('is complete again once a faulty topic that a RegExp matched is gone', async () => {
    topics['orders.eu'] = { partitions: 0, errorCode: 5 };
    const subscription = subscriptionTo(/^orders/);
    await subscription.resolve();
    expect(subscription.incomplete).toBe(true);

    delete topics['orders.eu'];
    await subscription.resolve();

    expect(subscription.incomplete).toBe(false);
  });

  it('takes an answer for nothing that comes after that of a later look', async () => {
    const answers = [deferred<TopicMetadata[]>(), deferred<TopicMetadata[]>()];
    let asked = 0;
    const metadata = () => answers[asked++]?.promise ?? Promise.resolve([metadataOf('orders'), metadataOf('payments')]);
    const subscription = new TopicSubscription(
      { metadata } as unknown as Cluster,
      ['orders', 'payments'],
      noSideTopics,
      logger,
    );
    const looks = [resolved(subscription), resolved(subscription)];

    answers[1]!.resolve([metadataOf('orders'), metadataOf('payments')]);
    expect(await looks[1]).toEqual({ orders: 3, payments: 2 });
    answers[0]!.resolve([metadataOf('orders'), metadataOf('not there yet')]);
    expect(await looks[0]).toEqual({ orders: 3, payments: 2 });
    await subscription.resolve();

    expect(subscription.isLate('payments')).toBe(false);
    expect(subscription.incomplete).toBe(false);
    expect(logger.lines).toEqual([]);
  });

  it('passes on that the cluster cannot be asked', async () => {
    const cluster = { metadata: () => Promise.reject(new Error('no broker')) } as unknown as Cluster;

    await expect(new TopicSubscription(cluster, ['orders'], noSideTopics, logger).resolve()).rejects.toThrow(
      'no broker',
    );
  });

  function subscriptionTo(...patterns: TopicPattern[]): TopicSubscription {
    const metadata = async (names: readonly string[] | 'all') =>
      (names === 'all' ? Object.keys(topics) : names).map(metadataOf);
    return new TopicSubscription({ metadata } as unknown as Cluster, patterns, noSideTopics, logger);
  }

  function metadataOf(topic: string): TopicMetadata {
    const { partitions, errorCode, isInternal } = topics[topic] ?? { partitions: 0, errorCode: 3 };
    const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
      partitionId,
      leader: 1,
      replicas: [1],
    }));
    return { topic, topicErrorCode: errorCode ?? 0, isInternal: isInternal ?? false, partitionMetadata };
  }

  async function resolved(subscription: TopicSubscription): Promise<Record<string, number>> {
    return Object.fromEntries(await subscription.resolve());
  }
});

it.each([
  [{ orders: 3 }, { orders: 3 }, true],
  [{ orders: 3, payments: 1 }, { payments: 1, orders: 3 }, true],
  [{ orders: 3 }, { orders: 4 }, false],
  [{ orders: 3 }, { orders: 3, payments: 1 }, false],
  [{ orders: 3 }, { payments: 3 }, false],
])('%j and %j are the same topics: %s', (a, b, same) => {
  expect(sameTopics(new Map(Object.entries(a)), new Map(Object.entries(b)))).toBe(same);
});
