import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EmbeddedKafka, EmbeddedKafkaError } from '../../../../lib/testing/index.js';
import { GroupMember } from '../../../conformance/support/group-member.js';
import { batchOf, fetchRequest, produceRequest } from '../../../conformance/support/records.js';
import { WireClient } from '../../../conformance/support/wire-client.js';
import { errorIn, WireCluster } from '../../../conformance/support/wire-cluster.js';

let kafka: EmbeddedKafka;
let client: WireClient;

beforeEach(async () => {
  kafka = await EmbeddedKafka.start({ topics: [{ name: 'a', partitions: 2 }, 'b'] });
  client = await WireClient.connect(kafka.brokers[0] as string);
});

afterEach(async () => {
  client.close();
  await kafka.stop();
});

async function produce(topic = 'a', partition = 0): Promise<string> {
  return errorIn(await client.request('Produce', produceRequest(topic, batchOf(['x']), { partition })));
}

describe('failing requests', () => {
  test('hits the next ones and then no more', async () => {
    const fault = kafka.faults.fail('Produce', { error: 'NOT_ENOUGH_REPLICAS', times: 2 });
    expect([await produce(), await produce(), await produce()]).toEqual([
      'NOT_ENOUGH_REPLICAS',
      'NOT_ENOUGH_REPLICAS',
      'NONE',
    ]);
    expect(fault).toMatchObject({ hits: 2, active: false });
    expect(kafka.records('a')).toHaveLength(1);
  });

  test('hits the topic and partition that is meant', async () => {
    kafka.faults.fail('Produce', { error: 'KAFKA_STORAGE_ERROR', topic: 'a', partition: 1 });
    expect([await produce('b'), await produce('a', 0), await produce('a', 1), await produce('a', 1)]).toEqual([
      'NONE',
      'NONE',
      'KAFKA_STORAGE_ERROR',
      'NONE',
    ]);
  });

  test('serves what else a request asks for', async () => {
    kafka.faults.fail('Produce', { error: 'KAFKA_STORAGE_ERROR', topic: 'a', partition: 1 });
    const partitions = [0, 1].map((partition) => ({ partition, records: batchOf(['x']) }));
    const answer = await client.request('Produce', {
      ...produceRequest('a', batchOf([])),
      topics: [
        { topic: 'a', partitions },
        { topic: 'b', partitions: [{ partition: 0, records: batchOf(['x']) }] },
      ],
    });
    const codes = answer.topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, errorCode }) => [topic, partition, errorCode]),
    );
    expect(codes.sort()).toEqual([
      ['a', 0, 0],
      ['a', 1, 56],
      ['b', 0, 0],
    ]);
    expect([kafka.records('a').length, kafka.records('b').length]).toEqual([1, 1]);
  });

  test('after the fact carries the request out all the same', async () => {
    kafka.faults.fail('Produce', { error: 'REQUEST_TIMED_OUT', when: 'after' });
    expect(await produce()).toBe('REQUEST_TIMED_OUT');
    expect(kafka.records('a')).toHaveLength(1);
  });

  test('hits the group that is meant', async () => {
    kafka.faults.fail('JoinGroup', { error: 'GROUP_AUTHORIZATION_FAILED', group: 'mine' });
    expect(await new GroupMember(client, 'other').join()).toMatchObject({ error: 'NONE' });
    expect(await new GroupMember(client, 'mine').join()).toMatchObject({ error: 'GROUP_AUTHORIZATION_FAILED' });
  });

  test.each(['Fetch', 'ListOffsets', 'OffsetCommit', 'DeleteTopics', 'Metadata', 'FindCoordinator'] as const)(
    'of %s puts the error where clients look for it',
    async (api) => {
      kafka.faults.fail(api, { error: 'UNKNOWN' });
      const requests = {
        Fetch: fetchRequest('a', 0),
        ListOffsets: {
          replicaId: -1,
          isolationLevel: 0,
          topics: [{ topic: 'a', partitions: [{ partition: 0, timestamp: -1 }] }],
        },
        OffsetCommit: {
          groupId: 'g',
          generationId: -1,
          memberId: '',
          topics: [{ topic: 'a', partitions: [{ partition: 0, offset: 1, metadata: null }] }],
        },
        DeleteTopics: { topics: ['a'], timeoutMs: 1 },
        Metadata: { topics: ['a'], allowAutoTopicCreation: false },
        FindCoordinator: { key: 'g', keyType: 0 },
      };
      expect(errorIn(await client.request(api, requests[api] as never))).toBe('UNKNOWN');
    },
  );
});

describe('cutting connections', () => {
  test('before the request is carried out', async () => {
    kafka.faults.disconnect('Produce');
    await expect(produce()).rejects.toThrow('connection closed');
    expect(kafka.records('a')).toHaveLength(0);
  });

  test('after it was, so that its answer is lost', async () => {
    kafka.faults.disconnect('Produce', { when: 'after' });
    await expect(produce()).rejects.toThrow('connection closed');
    expect(kafka.records('a')).toHaveLength(1);
  });

  test('by refusing new ones for a time', async () => {
    const refusal = await kafka.faults.refuseConnections();
    await expect(WireClient.connect(kafka.brokers[0] as string)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await produce()).toBe('NONE');
    await refusal.cancel();
    (await WireClient.connect(kafka.brokers[0] as string)).close();
    await kafka.faults.refuseConnections({ ms: 30 });
    await kafka.until(async () => {
      const connected = await WireClient.connect(kafka.brokers[0] as string).catch(() => undefined);
      connected?.close();
      return connected;
    });
  });
});

test('answers can be late', async () => {
  kafka.faults.delay('Produce', 60);
  const begin = performance.now();
  expect(await produce()).toBe('NONE');
  expect(performance.now() - begin).toBeGreaterThan(55);
});

test('all faults can be ended', async () => {
  const fault = kafka.faults.fail('Produce', { error: 'UNKNOWN', times: Infinity });
  expect(await produce()).toBe('UNKNOWN');
  kafka.faults.clear();
  expect(await produce()).toBe('NONE');
  expect(fault.active).toBe(false);
});

describe('groups', () => {
  test('can be made to rebalance, and members evicted', async () => {
    const member = await new GroupMember(client, 'g').settle();
    kafka.faults.rebalance('g');
    expect(await member.heartbeat()).toBe('REBALANCE_IN_PROGRESS');
    await member.settle();
    kafka.faults.evict('g', member.memberId);
    expect(await member.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
    expect(kafka.members('g')).toEqual([]);
  });
});

describe('a cluster of several brokers', () => {
  let cluster: EmbeddedKafka;
  let wire: WireCluster;

  beforeEach(async () => {
    cluster = await EmbeddedKafka.start({ brokers: 3, topics: [{ name: 'a', partitions: 3 }] });
    wire = await WireCluster.open(cluster);
  });

  afterEach(async () => {
    wire.close();
    await cluster.stop();
  });

  test('spreads leaders, and moves them when told', async () => {
    expect([0, 1, 2].map((partition) => cluster.leader('a', partition))).toEqual([1, 2, 3]);
    const old = await wire.leader('a', 0);
    const waiting = old.request('Fetch', fetchRequest('a', 0, { maxWaitMs: 20_000 }));
    cluster.faults.moveLeader('a', 0, 3);
    expect(errorIn(await waiting)).toBe('NOT_LEADER_FOR_PARTITION');
    expect(cluster.leader('a', 0)).toBe(3);
    const answer = await (await wire.leader('a', 0)).request('Produce', produceRequest('a', batchOf(['x'])));
    expect(errorIn(answer)).toBe('NONE');
  });

  test('goes on without a broker, and takes it back', async () => {
    await cluster.stopBroker(1);
    expect([0, 1, 2].map((partition) => cluster.leader('a', partition))).toEqual([2, 2, 3]);
    await expect(WireClient.connect(cluster.brokers[0] as string)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await cluster.startBroker(1);
    const back = await WireClient.connect(cluster.brokers[0] as string);
    const { brokers, topics } = await back.request('Metadata', { topics: ['a'], allowAutoTopicCreation: false });
    expect(brokers).toHaveLength(3);
    expect(topics[0]?.partitions[0]).toMatchObject({ leader: 2, offlineReplicas: [] });
    back.close();
  });

  test('has no leader for partitions whose only replica is down', async () => {
    cluster.createTopic({ name: 'single', replicationFactor: 1 });
    await cluster.stopBroker(1);
    expect(cluster.leader('single', 0)).toBeUndefined();
    await cluster.startBroker(1);
    expect(cluster.leader('single', 0)).toBe(1);
  });

  test('moves coordination to another broker', async () => {
    const before = cluster.coordinator('g');
    await cluster.stopBroker(before);
    expect(cluster.coordinator('g')).not.toBe(before);
    await cluster.startBroker(before);
    expect(cluster.coordinator('g')).toBe(before);
  });
});

test.each<[string, () => unknown]>([
  ['expected one of Produce', () => kafka.faults.fail('Nothing' as 'Fetch', { error: 'UNKNOWN' })],
  ['expected the name of a Kafka error', () => kafka.faults.fail('Fetch', { error: 'OOPS' as 'UNKNOWN' })],
  ['expected times', () => kafka.faults.fail('Fetch', { error: 'UNKNOWN', times: 0 })],
  ['expected a delay in ms', () => kafka.faults.delay('Fetch', -1)],
  ["expected when to be 'before' or 'after'", () => kafka.faults.disconnect('Fetch', { when: 'now' as 'after' })],
  ['Heartbeat requests have none', () => kafka.faults.fail('Heartbeat', { error: 'UNKNOWN', topic: 'a' })],
  ['Fetch requests have none', () => kafka.faults.fail('Fetch', { error: 'UNKNOWN', group: 'g' })],
  ['expected one of the groups', () => kafka.faults.rebalance('nobody')],
  ['there is no topic', () => kafka.faults.moveLeader('nothing', 0)],
  ['another replica', () => kafka.faults.moveLeader('a', 0)],
  ['expected a broker from 1 to 1, got 9', () => kafka.faults.moveLeader('a', 0, 9)],
])('bad arguments are explained: %s', (text, act) => {
  expect(act).toThrow(EmbeddedKafkaError);
  expect(act).toThrow(text);
});

test.each([
  ['a misspelt filter', { error: 'UNKNOWN_MEMBER_ID', topik: 'orders' }, 'got topik'],
  ['a partition that is no number', { error: 'UNKNOWN_MEMBER_ID', topic: 'orders', partition: '0' }, 'partition'],
  ['an error that is none', { error: 'NONE' }, 'got NONE'],
  ['nothing', undefined, 'got undefined'],
])('%s is refused', async (_what, options, text) => {
  await using broker = await EmbeddedKafka.start();

  expect(() => broker.faults.fail('Produce', options as never)).toThrow(text);
});
