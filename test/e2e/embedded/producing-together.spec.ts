import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { type KafkaOptions, Producer } from '@things-kit/nestjs-kafka';
import { EmbeddedKafka, type Fault } from '@things-kit/nestjs-kafka/testing';
import { startApplication } from '../../support/application.js';
import { eventually } from '../../support/eventually.js';

/** On an embedded broker of its own, which counts requests. */
describe('what is published at the same time', () => {
  let kafka: EmbeddedKafka;
  let requests: Fault;
  let app: INestApplicationContext | undefined;
  const start = async (
    producer: KafkaOptions['producer'] = {},
    more: Partial<KafkaOptions> = {},
  ): Promise<Producer> => {
    app = await startApplication({ brokers: kafka.brokers, producer, ...more }, []);
    return app.get(Producer);
  };
  const values = (partition?: number): string[] =>
    kafka.records('orders', { partition }).map(({ value }) => String(value));
  const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));

  beforeEach(async () => {
    kafka = await EmbeddedKafka.start({ brokers: 2, autoCreateTopics: false });
    kafka.createTopic({ name: 'orders', partitions: 4, replicationFactor: 1 });
    requests = kafka.faults.delay('Produce', 0, { times: Infinity });
  });
  afterEach(async () => {
    await app?.close();
    await kafka.stop();
  });

  it('goes in one request to each broker, and each caller is told the place of its own message', async () => {
    const producer = await start();

    const places = await Promise.all(
      numbers(1_000).map((value) => producer.publish({ topic: 'orders', key: value, value })),
    );

    expect(requests.hits).toBe(2);
    for (const [at, { topic, partition, offset }] of places.entries()) {
      const stored = kafka.records(topic, { partition }).find((record) => record.offset === offset);
      expect(String(stored?.value)).toBe(String(at));
    }
  });

  it('is stored in the order of the calls, though it comes in several turns of the event loop', async () => {
    const producer = await start();
    const published: Promise<unknown>[] = [];

    for (const value of numbers(500)) {
      published.push(producer.publish({ topic: 'orders', partition: 1, value }));
      if (Number(value) % 50 === 0) await new Promise(setImmediate);
    }
    await Promise.all(published);

    expect(values(1)).toEqual(numbers(500));
    expect(requests.hits).toBeLessThan(20);
  });

  it('is stored in the order of the calls, though the format takes longer for some than for others', async () => {
    const slowForEven = {
      deserialize: String,
      serialize: async (value: unknown) => {
        if (Number(value) % 2 === 0) await new Promise(setImmediate);
        return Buffer.from(String(value));
      },
    };
    const producer = await start({}, { format: slowForEven });

    await Promise.all(
      numbers(20).map((value) => producer.publish({ topic: 'orders', partition: 1, value: Number(value) })),
    );

    expect(values(1)).toEqual(numbers(20));
  });

  it('goes in as many requests as it takes at their size', async () => {
    const producer = await start({ maxRequestBytes: 10_000 });

    await Promise.all(
      numbers(100).map((value) => producer.publish({ topic: 'orders', partition: 0, value: value.padEnd(1_000) })),
    );

    expect(requests.hits).toBeGreaterThan(10);
    expect(requests.hits).toBeLessThan(15);
    expect(values(0).map((value) => value.trim())).toEqual(numbers(100));
  });

  it('waits for more to go with it, as long as lingerMs says', async () => {
    const producer = await start({ lingerMs: 300 });
    await producer.publish({ topic: 'orders', partition: 0, value: 'first' });
    const begun = performance.now();
    const before = requests.hits;

    const one = producer.publish({ topic: 'orders', partition: 0, value: '1' });
    await new Promise((resolve) => setTimeout(resolve, 50)); // another time, not another state
    const two = producer.publish({ topic: 'orders', partition: 2, value: '2' });
    await Promise.all([one, two]);

    expect(performance.now() - begun).toBeGreaterThan(290);
    expect(kafka.leader('orders', 0)).toBe(kafka.leader('orders', 2));
    expect(requests.hits).toBe(before + 1);
  });

  it('does not linger once it fills a request', async () => {
    const producer = await start({ lingerMs: 60_000, maxRequestBytes: 10_000 });

    await Promise.all(
      numbers(36).map((value) => producer.publish({ topic: 'orders', partition: 0, value: value.padEnd(1_000) })),
    );

    expect(values(0).length).toBe(36);
  });

  it('does not linger once it fills a request while another is under way', async () => {
    const producer = await start({ lingerMs: 60_000, maxRequestBytes: 10_000 });
    const publish = (value: string) => producer.publish({ topic: 'orders', partition: 0, value: value.padEnd(1_000) });
    requests.cancel();
    const slow = kafka.faults.delay('Produce', 200);
    const first = publish('first');
    void producer.flush();
    await eventually(() => slow.hits === 1);

    await Promise.all([first, ...numbers(36).map(publish)]);

    expect(values(0).length).toBe(37);
  });

  it('lingers no longer because another request is under way', async () => {
    const producer = await start({ lingerMs: 600 });
    const publish = (value: string) => producer.publish({ topic: 'orders', partition: 0, value });
    requests.cancel();
    const slow = kafka.faults.delay('Produce', 400);
    const first = publish('first');
    void producer.flush();
    await eventually(() => slow.hits === 1);
    const begun = performance.now();

    await Promise.all([first, publish('1')]);

    expect(performance.now() - begun).toBeGreaterThan(590);
    expect(performance.now() - begun).toBeLessThan(850);
  });

  it('does not linger once more to be sent again', async () => {
    const producer = await start({ lingerMs: 1_000 });
    requests.cancel();
    const failed = kafka.faults.fail('Produce', { error: 'NOT_LEADER_FOR_PARTITION' });
    const begun = performance.now();

    await producer.publish({ topic: 'orders', partition: 0, value: '1' });

    expect(failed.hits).toBe(1);
    expect(performance.now() - begun).toBeGreaterThan(990);
    expect(performance.now() - begun).toBeLessThan(1_900);
  });

  it('without a key goes round the partitions', async () => {
    const producer = await start();

    await Promise.all(numbers(40).map((value) => producer.publish({ topic: 'orders', value })));

    expect([0, 1, 2, 3].map((partition) => values(partition).length)).toEqual([10, 10, 10, 10]);
  });

  it('is compressed if so configured', async () => {
    const producer = await start({ compression: 'gzip' });
    const text = 'the same over and over '.repeat(200);
    kafka.createTopic({ name: 'small', partitions: 1, configs: { 'max.message.bytes': '1000' } });

    await Promise.all(numbers(10).map(() => producer.publish({ topic: 'small', value: text })));

    expect(kafka.records('small').map(({ value }) => String(value))).toEqual(Array(10).fill(text));
  });
});
