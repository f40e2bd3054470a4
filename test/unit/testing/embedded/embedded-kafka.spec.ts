import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import kafkajs, { type Kafka } from 'kafkajs';
import { EmbeddedKafka, EmbeddedKafkaError } from '../../../../lib/testing/index.js';

const { Partitioners, logLevel } = kafkajs;
let kafka: EmbeddedKafka;
let client: Kafka;

beforeEach(async () => {
  kafka = await EmbeddedKafka.start({ topics: [{ name: 'orders', partitions: 4 }, 'plain'] });
  client = new kafkajs.Kafka({ brokers: kafka.brokers, clientId: 'test', logLevel: logLevel.NOTHING });
});

afterEach(async () => {
  await kafka.stop();
});

describe('EmbeddedKafka', () => {
  test('puts a key where kafkajs puts it', async () => {
    const keys = Array.from({ length: 40 }, (_, i) => `key-${'x'.repeat(i % 7)}${i}`);
    const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic: 'orders', messages: keys.map((key) => ({ key, value: null })) });
    await producer.disconnect();
    const theirs = new Map(kafka.records('orders').map(({ key, partition }) => [String(key), partition]));
    const ours = kafka.produce(
      'orders',
      keys.map((key) => ({ key, value: null })),
    );
    expect(ours.map(({ partition }) => partition)).toEqual(keys.map((key) => theirs.get(key)));
  });

  test('gives back what was produced', () => {
    const headers = { one: 'eins', twice: ['a', 'b'] };
    const places = kafka.produce('plain', [
      { key: 'k', value: 'v', headers, timestamp: 5 },
      { key: null, value: null, timestamp: new Date(6) },
    ]);
    expect(places).toEqual([
      { partition: 0, offset: '0' },
      { partition: 0, offset: '1' },
    ]);
    expect(kafka.records('plain')).toEqual([
      { partition: 0, offset: '0', timestamp: new Date(5), key: Buffer.from('k'), value: Buffer.from('v'), headers },
      { partition: 0, offset: '1', timestamp: new Date(6), key: null, value: null, headers: {} },
    ]);
  });

  test('gives the records of one partition', () => {
    kafka.produce('orders', [
      { value: 'a', partition: 1 },
      { value: 'b', partition: 2 },
    ]);
    expect(kafka.records('orders', { partition: 2 })).toMatchObject([{ partition: 2, value: Buffer.from('b') }]);
  });

  test('tells records of open and aborted transactions apart', async () => {
    const producer = client.producer({
      transactionalId: 'tx',
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    for (const end of ['abort', 'commit'] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: 'plain', messages: [{ value: end }] });
      await transaction[end]();
    }
    const open = await producer.transaction();
    await open.send({ topic: 'plain', messages: [{ value: 'open' }] });
    const values = (isolation?: 'read_committed') =>
      kafka.records('plain', { isolation }).map(({ value }) => String(value));
    expect(values()).toEqual(['abort', 'commit', 'open']);
    expect(values('read_committed')).toEqual(['commit']);
    await open.abort();
    await producer.disconnect();
  });

  test('shows groups, their members and their offsets', async () => {
    expect(kafka.group('g')).toBeUndefined();
    const consumer = client.consumer({ groupId: 'g', maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topic: 'orders', fromBeginning: true });
    await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
    await kafka.until(() => kafka.group('g')?.state === 'Stable');
    expect(kafka.members('g')).toMatchObject([{ clientId: 'test', isLeader: true, groupInstanceId: null }]);
    expect(kafka.members('g')[0]?.assignment.orders?.sort()).toEqual([0, 1, 2, 3]);
    await consumer.commitOffsets([{ topic: 'orders', partition: 2, offset: '7', metadata: 'note' }]);
    expect(kafka.committed('g', 'orders')).toEqual([{ partition: 2, offset: '7', metadata: 'note' }]);
    await consumer.disconnect();
    expect(kafka.group('g')).toMatchObject({ state: 'Empty', members: [] });
  });

  test('administers topics', () => {
    kafka.createTopic({ name: 'new', partitions: 2 });
    kafka.addPartitions('new', 3);
    expect(kafka.produce('new', [{ value: null, partition: 2 }])).toHaveLength(1);
    kafka.deleteTopic('new');
    expect(kafka.topics()).toEqual(['orders', 'plain']);
  });

  test('creates topics by producing only if it does so for clients', async () => {
    kafka.produce('created', [{ value: 'x' }]);
    expect(kafka.topics()).toContain('created');
    await using strict = await EmbeddedKafka.start({ autoCreateTopics: false });
    expect(() => strict.produce('missing', [{ value: 'x' }])).toThrow('cannot find topic missing');
  });

  test('waits for a condition, and says what it waited for', async () => {
    let count = 0;
    await kafka.until(() => ++count === 3);
    const waiting = kafka.until(() => false, { timeoutMs: 20, description: 'pigs to fly' });
    await expect(waiting).rejects.toThrow('expected within 20 ms: pigs to fly');
  });

  test('leaves nothing behind when it stops', async () => {
    const before = process.getActiveResourcesInfo().length;
    const own = await EmbeddedKafka.start({ brokers: 3 });
    const consumer = new kafkajs.Kafka({ brokers: own.brokers, logLevel: logLevel.NOTHING }).consumer({
      groupId: 'g',
      maxWaitTimeInMs: 50,
    });
    await consumer.connect();
    await consumer.subscribe({ topic: 'anything' });
    await consumer.run({ eachMessage: async () => undefined });
    await own.until(() => own.group('g')?.state === 'Stable');
    await consumer.disconnect();
    await own.stop();
    await kafka.until(() => process.getActiveResourcesInfo().length <= before);
  });

  test('can be stopped twice', async () => {
    await kafka.stop();
    await kafka.stop();
  });

  test.each<[string, () => unknown]>([
    ['cannot create topic orders', () => kafka.createTopic('orders')],
    ['cannot create topic a/b', () => kafka.createTopic('a/b')],
    ['cannot find topic nothing', () => kafka.records('nothing')],
    ['expected a partition from 0 to 3', () => kafka.produce('orders', [{ value: null, partition: 4 }])],
    ['cannot add partitions', () => kafka.addPartitions('orders', 2)],
    ['cannot delete topic', () => kafka.deleteTopic('nothing')],
    ['cannot find the leader', () => kafka.leader('orders', 9)],
  ])('explains what it cannot do: %s', (text, act) => {
    expect(act).toThrow(EmbeddedKafkaError);
    expect(act).toThrow(text);
  });

  test.each([{ brokers: 0 }, { brokers: 1.5 }, { defaultPartitions: -1 }])('refuses options %j', async (options) => {
    await expect(EmbeddedKafka.start(options)).rejects.toThrow(EmbeddedKafkaError);
  });
});
