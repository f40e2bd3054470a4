import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { type KafkaOptions, Producer, PublishError } from '@things-kit/nestjs-kafka';
import { EmbeddedKafka } from '@things-kit/nestjs-kafka/testing';
import { LogRecorder, startApplication } from '../../support/application.js';

/** On an embedded broker of its own, whatever the run's broker is: it fails on demand. */
describe('a publish whose answer is lost', () => {
  let kafka: EmbeddedKafka;
  let app: INestApplicationContext;
  let producer: Producer;
  const logger = new LogRecorder();
  const start = async (options: Partial<KafkaOptions> = {}): Promise<void> => {
    app = await startApplication({ brokers: kafka.brokers, ...options }, [], logger);
    producer = app.get(Producer);
  };
  const publish = (value: string, partition = 0) => producer.publish({ topic: 'orders', partition, value });
  const stored = (partition = 0): string[] => kafka.records('orders', { partition }).map(({ value }) => String(value));
  const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));

  beforeEach(async () => {
    kafka = await EmbeddedKafka.start({ brokers: 2, autoCreateTopics: false });
    kafka.createTopic({ name: 'orders', partitions: 2, replicationFactor: 2 });
  });
  afterEach(async () => {
    await app.close();
    await kafka.stop();
  });

  it.each(['before', 'after'] as const)('(%s it was stored) is stored once, and so is what follows', async (when) => {
    await start();
    await publish('first');
    kafka.faults.disconnect('Produce', { when, times: 3 });

    const places = await Promise.all(numbers(50).map((value) => publish(value)));

    expect(places.map(({ offset }) => Number(offset))).toEqual(numbers(50).map((_, at) => at + 1));
    expect(stored()).toEqual(['first', ...numbers(50)]);
    expect(logger.find('warn', 'Publishing to orders-0 failed, trying again').length).toBeGreaterThan(0);
  });

  it('by a broker that takes too long is stored once', async () => {
    await start({ requestTimeoutMs: 200 });
    await publish('first');
    const fault = kafka.faults.delay('Produce', 60_000, { times: 2 });

    await Promise.all([publish('1'), publish('2')]);

    expect(fault.hits).toBe(2);
    expect(stored()).toEqual(['first', '1', '2']);
  });

  it.each(['REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'NOT_LEADER_FOR_PARTITION', 'UNKNOWN'] as const)(
    'by %s, though it is stored, is stored once',
    async (error) => {
      await start();
      kafka.faults.fail('Produce', { error, when: 'after', partition: 0, times: 2 });

      await Promise.all([publish('1'), publish('2'), publish('3', 1)]);
      await publish('4');

      expect(stored()).toEqual(['1', '2', '4']);
      expect(stored(1)).toEqual(['3']);
    },
  );

  it.each(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH'] as const)(
    'and a producer that the broker refuses (%s): another one goes on, nothing is dropped',
    async (error) => {
      await start();
      await publish('first');
      const ids = kafka.faults.delay('InitProducerId', 0, { times: Infinity });
      kafka.faults.fail('Produce', { error, partition: 0 });

      await Promise.all([publish('1'), publish('2'), publish('other', 1)]);
      await publish('3');

      expect(stored()).toEqual(['first', '1', '2', '3']);
      expect(stored(1)).toEqual(['other']);
      expect(ids.hits).toBe(error === 'INVALID_PRODUCER_EPOCH' ? 1 : 0);
    },
  );

  it('goes to the next leader under the same sequence', async () => {
    await start();
    await publish('first');
    kafka.faults.disconnect('Produce', { when: 'after', partition: 0 });

    const published = Promise.all(numbers(10).map((value) => publish(value)));
    kafka.faults.moveLeader('orders', 0);
    await published;

    expect(stored()).toEqual(['first', ...numbers(10)]);
  });

  it('past deliveryTimeoutMs says that it may be stored; what follows is stored, and nothing of it vanishes', async () => {
    await start({ producer: { deliveryTimeoutMs: 1_000 } });
    await publish('first');
    const lost = kafka.faults.disconnect('Produce', { when: 'after', partition: 0, times: Infinity });

    const begun = Date.now();
    const outcome = await publish('in doubt').catch((error: unknown) => error);
    lost.cancel();

    expect(Date.now() - begun).toBeGreaterThanOrEqual(1_000);
    expect(Date.now() - begun).toBeLessThan(3_000);
    expect(outcome).toBeInstanceOf(PublishError);
    expect((outcome as Error).message).toMatch(
      /orders-0: not acknowledged in time, it may or may not be stored; last: /,
    );
    await Promise.all(numbers(5).map((value) => publish(value)));
    expect(stored()).toEqual(['first', 'in doubt', ...numbers(5)]);
  });

  it('past deliveryTimeoutMs is told in time by a broker that does not answer at all', async () => {
    await start({ producer: { deliveryTimeoutMs: 1_000 } });
    await publish('first');
    kafka.faults.delay('Produce', 60_000, { times: Infinity, when: 'before' });

    const begun = Date.now();
    const outcomes = await Promise.allSettled([publish('1'), publish('2')]);

    expect(Date.now() - begun).toBeLessThan(3_000);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('cannot come while brokers give no producer id: past deliveryTimeoutMs it is told that it is not stored', async () => {
    await start({ producer: { deliveryTimeoutMs: 2_500 } });
    const refused = kafka.faults.fail('InitProducerId', { error: 'GROUP_LOAD_IN_PROGRESS', times: Infinity });

    await expect(publish('1')).rejects.toThrow(/orders-0: not acknowledged in time, it is not stored; last: /);
    refused.cancel();
    await publish('2');

    expect(stored()).toEqual(['2']);
  });

  it('cannot come when no broker can be reached: it is told that it is not stored', async () => {
    await start({ producer: { deliveryTimeoutMs: 1_000 } });
    await kafka.stop();

    await expect(publish('1')).rejects.toThrow('could not be looked up in time');
  });
});
