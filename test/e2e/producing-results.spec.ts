import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { type KafkaOptions, Producer, PublishError } from '@things-kit/nestjs-kafka';
import { EmbeddedKafka } from '@things-kit/nestjs-kafka/testing';
import { startApplication } from '../support/application.js';
import { createTopic, listTopics, recordsOf, uniqueName } from '../support/kafka.js';

let app: INestApplicationContext | undefined;
const start = async (options: Partial<KafkaOptions> = {}): Promise<Producer> => {
  app = await startApplication(options, []);
  return app.get(Producer);
};
afterEach(async () => {
  await app?.close();
  app = undefined;
});

const tooLarge = 'x'.repeat(1_100_000);

describe('each message has its own outcome', () => {
  it('one that is too large fails, those that go with it are stored', async () => {
    const topic = await createTopic(uniqueName('sizes'), 2);
    const producer = await start();
    const before = Array.from({ length: 20 }, (_, at) => ({ topic, partition: 0, value: `before ${at}` }));
    const behind = Array.from({ length: 20 }, (_, at) => ({ topic, partition: 0, value: `behind ${at}` }));
    const outcomes = [
      ...before,
      { topic, partition: 0, value: tooLarge },
      ...behind,
      { topic, partition: 1, value: 'x' },
    ];

    const results = await Promise.allSettled(outcomes.map((message) => producer.publish(message)));

    const failed = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as Error);
    expect(failed).toHaveLength(1);
    expect(results[20]!.status).toBe('rejected');
    expect(failed[0]).toBeInstanceOf(PublishError);
    expect(failed[0]!.message).toContain(`${topic}-0`);
    expect(failed[0]!.message).toContain('MESSAGE_TOO_LARGE');
    const stored = await recordsOf(topic, 41);
    expect(stored.map(({ value }) => String(value))).toEqual(
      [...before, ...behind].map(({ value }) => value).concat('x'),
    );
  });

  it('several of one batch that are too large fail, wherever they stand', async () => {
    const topic = await createTopic(uniqueName('sizes'));
    const producer = await start({ producer: { maxRequestBytes: 10_000_000 } });
    const isLarge = (at: number): boolean => [0, 3, 4, 9].includes(at);
    const messages = Array.from({ length: 10 }, (_, at) => ({ topic, value: isLarge(at) ? tooLarge : String(at) }));

    const error = (await producer.publishBatch(messages).catch((thrown: unknown) => thrown)) as PublishError;

    expect(error).toBeInstanceOf(PublishError);
    expect(error.failed).toEqual([0, 3, 4, 9]);
    expect(error.message).toMatch(/^4 of 10 messages were not published: \[0\] .*MESSAGE_TOO_LARGE.*; \[3\] /);
    const stored = await recordsOf(topic, 6);
    expect(stored.map(({ value }) => String(value))).toEqual(['1', '2', '5', '6', '7', '8']);
  });

  it('one for a topic that does not exist fails, and makes no topic and no other message wait', async () => {
    const topic = await createTopic(uniqueName('known'));
    const missing = uniqueName('missing');
    const producer = await start();
    await producer.publish({ topic, value: 'warm' });

    const begun = Date.now();
    const lost = producer.publish({ topic: missing, value: 'lost' }).catch((error: unknown) => error);
    const { offset } = await producer.publish({ topic, value: 'found' });
    expect(Date.now() - begun).toBeLessThan(2_000);

    expect(offset).toBe('1');
    expect(await lost).toBeInstanceOf(PublishError);
    expect(((await lost) as Error).message).toContain(`Topic "${missing}" does not exist`);
    expect(await listTopics()).not.toContain(missing);
  });

  it('one for a topic that is made meanwhile is stored', async () => {
    const topic = uniqueName('new');
    const producer = await start();

    const published = producer.publish({ topic, value: 'early' });
    await createTopic(topic);

    expect(await published).toEqual({ topic, partition: 0, offset: '0' });
  });

  it('one for a partition that does not exist, or a name that no topic has, fails', async () => {
    const topic = await createTopic(uniqueName('cut'), 2);
    const producer = await start();

    const results = await Promise.allSettled([
      producer.publish({ topic, partition: 2, value: 'x' }),
      producer.publish({ topic: 'no topic', value: 'x' }),
      producer.publish({ topic, partition: 1, value: 'x' }),
    ]);

    expect(results).toMatchObject([
      { reason: { message: expect.stringContaining(`${topic}-2 does not exist: the topic has 2 partitions`) } },
      { reason: { message: expect.stringContaining('"no topic" is no topic') } },
      { value: { partition: 1, offset: '0' } },
    ]);
  });

  it('one that cannot be serialised fails; in a batch nothing is published then', async () => {
    const topic = await createTopic(uniqueName('values'));
    const producer = await start();
    const round: Record<string, unknown> = {};
    round.self = round;

    await expect(
      producer.publishBatch([
        { topic, value: 'a' },
        { topic, value: round },
      ]),
    ).rejects.toThrow(PublishError);
    await expect(producer.publish({ topic, value: undefined })).rejects.toThrow('value: expected bytes');
    await expect(producer.publish({ topic, value: 'x', timestamp: new Date(NaN) })).rejects.toThrow('a valid Date');

    expect(await producer.publish({ topic, value: 'b' })).toEqual({ topic, partition: 0, offset: '0' });
  });

  it('key, headers, timestamp and null arrive as they were given', async () => {
    const topic = await createTopic(uniqueName('whole'));
    const producer = await start();
    const timestamp = new Date('2001-02-03T04:05:06.789Z');
    const headers = { text: 'ü', bytes: Buffer.from([0, 255]), many: ['a', Buffer.from('b')] };

    await producer.publishBatch([
      { topic, key: 'ключ', value: null, headers, timestamp },
      { topic, key: Buffer.from([1]), value: new Uint8Array([2, 3]), timestamp: new Date(0) },
      { topic, key: '', value: '' },
    ]);

    const [first, second, third] = await recordsOf(topic, 3);
    expect(first).toMatchObject({ value: null, timestamp: String(timestamp.getTime()) });
    expect(String(first!.key)).toBe('ключ');
    expect(first!.headers).toEqual({
      text: Buffer.from('ü'),
      bytes: Buffer.from([0, 255]),
      many: [Buffer.from('a'), Buffer.from('b')],
    });
    expect(second).toMatchObject({ key: Buffer.from([1]), value: Buffer.from([2, 3]), timestamp: '0' });
    expect(third).toMatchObject({ key: Buffer.alloc(0), value: Buffer.alloc(0) });
  });
});

/** On an embedded broker of its own, whatever the run's broker is: it fails on demand. */
describe('a partition that is refused', () => {
  let kafka: EmbeddedKafka;
  beforeEach(async () => {
    kafka = await EmbeddedKafka.start({ autoCreateTopics: true });
    kafka.createTopic({ name: 'orders', partitions: 3 });
  });
  afterEach(() => kafka.stop());

  const publishToAll = (producer: Producer) =>
    Promise.allSettled([0, 1, 2].map((partition) => producer.publish({ topic: 'orders', partition, value: 'x' })));

  it.each(['TOPIC_AUTHORIZATION_FAILED', 'INVALID_RECORD', 'POLICY_VIOLATION'] as const)(
    'for %s keeps no other from being stored, and is told at once',
    async (error) => {
      const producer = await start({ brokers: kafka.brokers });
      kafka.faults.fail('Produce', { error, partition: 1 });

      const results = await publishToAll(producer);

      expect(results).toMatchObject([
        { value: { partition: 0, offset: '0' } },
        { reason: { message: expect.stringMatching(new RegExp(`orders-1: .*${error}`)) } },
        { value: { partition: 2, offset: '0' } },
      ]);
      expect(await producer.publish({ topic: 'orders', partition: 1, value: 'y' })).toMatchObject({ offset: '0' });
    },
  );

  it('for too few replicas is tried again, until deliveryTimeoutMs', async () => {
    const producer = await start({ brokers: kafka.brokers, producer: { deliveryTimeoutMs: 1_000 } });
    const fault = kafka.faults.fail('Produce', { error: 'NOT_ENOUGH_REPLICAS', partition: 1, times: Infinity });

    const results = await publishToAll(producer);

    expect(fault.hits).toBeGreaterThan(2);
    expect(results).toMatchObject([
      { value: { partition: 0 } },
      { reason: { message: expect.stringMatching(/orders-1: not acknowledged in time.*NOT_ENOUGH_REPLICAS/) } },
      { value: { partition: 2 } },
    ]);
  });

  it('of an unknown topic, on a broker that creates topics as they are used: none is created', async () => {
    const producer = await start({ brokers: kafka.brokers });

    await expect(producer.publish({ topic: 'misspelt', value: 'x' })).rejects.toThrow('"misspelt" does not exist');

    expect(kafka.topics()).toEqual(['orders']);
  });
});
