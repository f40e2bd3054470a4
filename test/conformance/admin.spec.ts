import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs, { type Admin } from 'kafkajs';
import { eventually } from './support/eventually.js';
import { batchOf, fetchRequest, produceRequest } from './support/records.js';
import { createClient, createTopic, openTarget, type Target, unique } from './support/target.js';
import { errorIn, WireCluster } from './support/wire-cluster.js';

const { ConfigResourceTypes } = kafkajs;

let target: Target;
let wire: WireCluster;
let admin: Admin;

beforeAll(async () => {
  target = await openTarget();
  wire = await WireCluster.open(target);
  admin = createClient(target).admin();
  await admin.connect();
});

afterAll(async () => {
  await admin.disconnect();
  wire.close();
  await target.stop();
});

interface Wanted {
  topic: string;
  numPartitions?: number;
  replicationFactor?: number;
  configs?: { name: string; value: string }[];
  validateOnly?: boolean;
}

async function create({ topic, numPartitions = 1, replicationFactor = 1, configs = [], validateOnly = false }: Wanted) {
  const topics = [{ topic, numPartitions, replicationFactor, assignments: [], configs }];
  return errorIn(await wire.any.request('CreateTopics', { topics, timeoutMs: 5000, validateOnly }));
}

describe('creating a topic', () => {
  test('that exists is refused', async () => {
    const topic = await createTopic(target);
    expect(await create({ topic })).toBe('TOPIC_ALREADY_EXISTS');
    expect(await admin.createTopics({ topics: [{ topic }] })).toBe(false);
  });

  test('with impossible numbers, names or settings is refused', async () => {
    const topic = unique('impossible');
    expect(await create({ topic, numPartitions: 0 })).toBe('INVALID_PARTITIONS');
    expect(await create({ topic, replicationFactor: 99 })).toBe('INVALID_REPLICATION_FACTOR');
    expect(await create({ topic: 'not/legal' })).toBe('INVALID_TOPIC_EXCEPTION');
    expect(await create({ topic, configs: [{ name: 'no.such.config', value: '1' }] })).toBe('INVALID_CONFIG');
    const bad = [{ name: 'max.message.bytes', value: 'many' }];
    expect(await create({ topic, configs: bad })).toBe('INVALID_CONFIG');
  });

  test('only to validate it leaves nothing', async () => {
    const topic = unique('validated');
    expect(await create({ topic, validateOnly: true })).toBe('NONE');
    expect(await admin.listTopics()).not.toContain(topic);
  });

  test('with partitions assigned puts them there', async () => {
    const topic = unique('assigned');
    const { brokers } = await admin.describeCluster();
    const leader = brokers.at(-1)?.nodeId as number;
    const replicaAssignment = [{ partition: 0, replicas: [leader] }];
    await admin.createTopics({ topics: [{ topic, replicaAssignment }], waitForLeaders: true });
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    expect(topics[0]?.partitions).toMatchObject([{ partitionId: 0, leader }]);
  });
});

describe('administration', () => {
  test('deletes topics', async () => {
    const topic = await createTopic(target);
    await admin.deleteTopics({ topics: [topic] });
    await eventually(async () => expect(await admin.listTopics()).not.toContain(topic));
    const answer = await wire.any.request('DeleteTopics', { topics: ['no-such-topic'], timeoutMs: 5000 });
    expect(errorIn(answer)).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  });

  test('adds partitions, and only adds', async () => {
    const topic = await createTopic(target);
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    await eventually(async () => expect(await admin.fetchTopicOffsets(topic)).toHaveLength(3));
    const fewer = { topics: [{ topic, count: 2, assignments: null }], timeoutMs: 5000, validateOnly: false };
    expect(errorIn(await wire.any.request('CreatePartitions', fewer))).toBe('INVALID_PARTITIONS');
  });

  test('deletes records up to an offset', async () => {
    const topic = await createTopic(target);
    const leader = await wire.leader(topic);
    for (const value of ['a', 'b', 'c']) await leader.request('Produce', produceRequest(topic, batchOf([value])));
    // kafkajs looks for the leader before it has asked for one.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
    expect(await admin.fetchTopicOffsets(topic)).toMatchObject([{ low: '2', high: '3' }]);
    expect(errorIn(await leader.request('Fetch', fetchRequest(topic, 0)))).toBe('OFFSET_OUT_OF_RANGE');
    const beyond = { topics: [{ topic, partitions: [{ partition: 0, offset: 9 }] }], timeoutMs: 5000 };
    expect(errorIn(await leader.request('DeleteRecords', beyond))).toBe('OFFSET_OUT_OF_RANGE');
  });

  test('describes and alters the configuration of topics', async () => {
    const topic = await createTopic(target, { configs: { 'cleanup.policy': 'compact' } });
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
    const describeConfigs = async () => {
      const { resources } = await admin.describeConfigs({ resources: [resource], includeSynonyms: false });
      const { configEntries = [] } = resources[0] ?? {};
      return Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue]));
    };
    expect(await describeConfigs()).toMatchObject({ 'cleanup.policy': 'compact', 'max.message.bytes': '1048588' });
    const configEntries = [{ name: 'max.message.bytes', value: '5000' }];
    await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] });
    await eventually(async () =>
      expect(await describeConfigs()).toMatchObject({ 'cleanup.policy': 'delete', 'max.message.bytes': '5000' }),
    );
  });

  test('refuses configuration of topics that do not exist, and by names that do not', async () => {
    const topic = await createTopic(target);
    const alter = async (name: string, config: string) =>
      errorIn(
        await wire.any.request('AlterConfigs', {
          resources: [{ type: 2, name, configs: [{ name: config, value: '1' }] }],
          validateOnly: false,
        }),
      );
    expect(await alter('no-such-topic', 'retention.ms')).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    expect(await alter(topic, 'no.such.config')).toBe('INVALID_CONFIG');
    const unknown = { resources: [{ type: 2, name: 'no-such-topic', configNames: null }], includeSynonyms: false };
    expect(errorIn(await wire.any.request('DescribeConfigs', unknown))).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  });
});
