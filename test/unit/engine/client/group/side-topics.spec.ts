import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Cluster, TopicConfig, TopicMetadata } from '../../../../../lib/engine/client/connection/cluster.js';
import { SideTopics } from '../../../../../lib/engine/client/group/side-topics.js';
import type { SideTopic } from '../../../../../lib/engine/recovery/recovery-topics.js';
import { RecordingLogger } from '../../../../support/recording-logger.js';

interface Creation {
  topic: string;
  numPartitions: number;
  replicationFactor: number;
  configEntries: { name: string; value: string }[];
}

const sideTopics = (topic: string): SideTopic[] =>
  topic.startsWith('orders') && !topic.includes('.retry.')
    ? [
        { name: `${topic}.retry.billing.10s`, subscribed: true },
        { name: 'dead', subscribed: false },
      ]
    : [];

describe('Side topics', () => {
  let existing: Record<string, number>;
  let created: Creation[];
  let errors: Record<string, number>;
  let configs: () => Promise<ReadonlyMap<string, TopicConfig>>;
  let logger: RecordingLogger;

  beforeEach(() => {
    existing = { orders: 3, payments: 2 };
    created = [];
    errors = {};
    const config = { 'max.message.bytes': '1000', 'min.insync.replicas': '2', 'retention.ms': '864000000' };
    configs = () => Promise.resolve(new Map([['orders', { ...config, 'cleanup.policy': 'delete' }]]));
    logger = new RecordingLogger();
  });

  const metadataOf = (topic: string): TopicMetadata => ({
    topic,
    isInternal: false,
    topicErrorCode: topic in existing ? 0 : 3,
    partitionMetadata: Array.from({ length: existing[topic] ?? 0 }, (_, partitionId) => ({
      partitionId,
      leader: 1,
      replicas: [1, 2],
    })),
  });

  const cluster: Pick<Cluster, 'metadata' | 'requestController' | 'topicConfigs'> = {
    metadata: (topics) => Promise.resolve((topics as string[]).map(metadataOf)),
    topicConfigs: () => configs(),
    requestController: (_, args) => {
      const { topics } = args as { topics: Creation[] };
      created.push(...topics);
      const topicErrors = topics.map(({ topic, numPartitions }) => {
        const errorCode = errors[topic] ?? 0;
        if (errorCode === 0) existing[topic] = numPartitions;
        return { topic, errorCode, errorMessage: errorCode === 0 ? null : 'because' };
      });
      return Promise.resolve({ topicErrors }) as never;
    },
  };

  const topics = (createTopics = true): SideTopics =>
    new SideTopics(cluster as Cluster, { sideTopics, createTopics }, logger);
  const beside = async (side: SideTopics, ...sources: string[]): Promise<Record<string, number>> =>
    Object.fromEntries(
      (await side.beside(sources.map(metadataOf))).map(({ topic, partitionMetadata }) => [
        topic,
        partitionMetadata.length,
      ]),
    );

  it('are made as their topic is cut, with room for headers, and read where the group reads them', async () => {
    const side = topics();
    const asTheSource = [
      { name: 'cleanup.policy', value: 'delete' },
      { name: 'max.message.bytes', value: '66536' },
      { name: 'min.insync.replicas', value: '2' },
      { name: 'retention.ms', value: '864000000' },
    ];

    expect(await beside(side, 'orders', 'payments')).toEqual({ 'orders.retry.billing.10s': 3 });
    expect(created).toEqual([
      {
        topic: 'orders.retry.billing.10s',
        numPartitions: 3,
        replicationFactor: 2,
        configEntries: [...asTheSource, { name: 'message.timestamp.type', value: 'LogAppendTime' }],
      },
      {
        topic: 'dead',
        numPartitions: 3,
        replicationFactor: 2,
        configEntries: asTheSource,
      },
    ]);
    expect(logger.at('log')).toEqual(['Created topic "orders.retry.billing.10s"', 'Created topic "dead"']);
    expect(side.includes('orders.retry.billing.10s')).toBe(true);
    expect(side.includes('dead')).toBe(false);
    expect(side.includes('orders')).toBe(false);
  });

  it('are left alone where they are there', async () => {
    existing = { ...existing, 'orders.retry.billing.10s': 1, dead: 1 };

    expect(await beside(topics(), 'orders')).toEqual({ 'orders.retry.billing.10s': 1 });
    expect(created).toEqual([]);
  });

  it('are not asked for where a topic needs none, or is missing itself', async () => {
    expect(await beside(topics(), 'payments', 'orders-to-come')).toEqual({});
    expect(created).toEqual([]);
  });

  it('are told of once they are made, where they are subscribed to on their own, too', async () => {
    expect(await beside(topics(), 'orders', 'dead')).toEqual({ 'orders.retry.billing.10s': 3, dead: 3 });
  });

  it('have the brokers’ default size where the topic’s own cannot be told', async () => {
    configs = () => Promise.reject(new Error('not allowed'));

    await beside(topics(), 'orders');

    expect(created.map(({ configEntries }) => configEntries.map(({ name }) => name))).toEqual([
      ['cleanup.policy', 'message.timestamp.type'],
      ['cleanup.policy'],
    ]);
  });

  it.each([
    [{ 'retention.ms': '1000' }, '604800000'],
    [{ 'retention.ms': '-1' }, '-1'],
    [{ 'cleanup.policy': 'compact', 'retention.ms': '1000' }, '-1'],
    [{ 'cleanup.policy': 'compact,delete', 'retention.ms': '864000000' }, '864000000'],
  ])('of a topic with %j keep their records %s ms', async (config, expected) => {
    configs = () => Promise.resolve(new Map([['orders', config as TopicConfig]]));

    await beside(topics(), 'orders');

    for (const { configEntries } of created) {
      expect(configEntries.find(({ name }) => name === 'retention.ms')?.value).toBe(expected);
    }
    expect(created).toHaveLength(2);
  });

  it('may be made by another member at the same time', async () => {
    errors = { dead: 36 };

    await beside(topics(), 'orders');

    expect(logger.at('warn')).toEqual([]);
  });

  it('are asked for where they cannot be made', async () => {
    errors = { dead: 29, 'orders.retry.billing.10s': 29 };

    expect(await beside(topics(), 'orders')).toEqual({ 'orders.retry.billing.10s': 0 });
    expect(logger.at('warn')).toEqual([
      expect.stringMatching(
        /^Topic "orders\.retry\.billing\.10s" does not exist and cannot be created: .*29\): because; .*Create it/,
      ),
      expect.stringMatching(/^Topic "dead" does not exist and cannot be created/),
    ]);
  });

  it('are asked for where they are not to be made', async () => {
    await beside(topics(false), 'orders');

    expect(created).toEqual([]);
    expect(logger.at('warn')).toEqual([
      expect.stringContaining('Topic "orders.retry.billing.10s" does not exist: what fails of "orders" is held until'),
      expect.stringContaining('Topic "dead" does not exist'),
    ]);
  });
});
