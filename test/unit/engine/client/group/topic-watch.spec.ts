import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Cluster, TopicMetadata } from '../../../../../lib/engine/client/connection/cluster.js';
import { TopicSubscription, type SubscribedTopics } from '../../../../../lib/engine/client/group/topic-subscription.js';
import { TopicWatch } from '../../../../../lib/engine/client/group/topic-watch.js';
import type { TopicPattern } from '../../../../../lib/engine/topic-pattern.js';
import { RecordingLogger } from '../../../../support/recording-logger.js';

const second = 1_000;

const noSideTopics = { beside: () => Promise.resolve([]), includes: () => false };

describe('TopicWatch', () => {
  let existing: Record<string, number>;
  let ended: AbortController;

  beforeEach(() => {
    jest.useFakeTimers();
    existing = { 'orders.eu': 2, payments: 1 };
    ended = new AbortController();
  });

  afterEach(() => {
    ended.abort();
    jest.useRealTimers();
  });

  it('finds a topic that a RegExp matches from now on, within a minute', async () => {
    const changed = await watched([/^orders/]);

    existing['orders.us'] = 1;
    await jest.advanceTimersByTimeAsync(59 * second);
    expect(changed()).toBe(undefined);

    await jest.advanceTimersByTimeAsync(second);
    expect(changed()).toBe(true);
  });

  it('finds partitions that were added', async () => {
    const changed = await watched(['payments']);

    existing.payments = 3;
    await jest.advanceTimersByTimeAsync(60 * second);

    expect(changed()).toBe(true);
  });

  it('looks for a missing topic every two seconds', async () => {
    const changed = await watched(['payments', 'refunds']);

    existing.refunds = 1;
    await jest.advanceTimersByTimeAsync(2 * second);

    expect(changed()).toBe(true);
  });

  it.each<[string, Record<string, number>]>([
    ['with fewer partitions than there are', { payments: 0 }],
    ['without another member’s topic', { payments: 1, 'orders.eu': 0 }],
  ])('has the leader divide soon again what it has divided %s', async (_, divided) => {
    const changed = await watched(['payments'], divided);

    await jest.advanceTimersByTimeAsync(2 * second);

    expect(changed()).toBe(true);
  });

  it('ends with the assignment', async () => {
    const changed = await watched(['payments']);

    ended.abort();
    await jest.advanceTimersByTimeAsync(0);

    expect(changed()).toBe(false);
  });

  /** Watches for changes of what there is now. */
  async function watched(patterns: TopicPattern[], divided?: Record<string, number>) {
    const cluster = { metadata: (asked: readonly string[] | 'all') => Promise.resolve(metadataOf(asked)) };
    const logger = new RecordingLogger();
    const subscription = new TopicSubscription(cluster as unknown as Cluster, patterns, noSideTopics, logger);
    const topics = await subscription.resolve();
    let result: boolean | undefined;
    const dividedBy: SubscribedTopics = divided ? new Map(Object.entries(divided)) : topics;
    void new TopicWatch(subscription, () => true, logger)
      .untilChanged(topics, dividedBy, ended.signal)
      .then((changed) => (result = changed));
    return () => result;
  }

  function metadataOf(asked: readonly string[] | 'all'): TopicMetadata[] {
    return (asked === 'all' ? Object.keys(existing) : asked).map((topic) => ({
      topic,
      isInternal: false,
      topicErrorCode: topic in existing ? 0 : 3,
      partitionMetadata: Array.from({ length: existing[topic] ?? 0 }, (_, partitionId) => ({
        partitionId,
        leader: 1,
        replicas: [1],
      })),
    }));
  }
});
