import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { KafkaConsumerService, type Message, MessageHandler, NonRetriableError } from '@things-kit/nestjs-kafka';
import kafkajs from 'kafkajs';
import { EmbeddedKafka } from '@things-kit/nestjs-kafka/testing';
import { LogRecorder, startApplication } from '../../support/application.js';
import { eventually } from '../../support/eventually.js';
import { client } from '../../support/kafka.js';

/** Text that can hardly be compressed. */
const noise = (length: number): string => randomBytes(length).toString('base64').slice(0, length);

/** On an embedded broker of its own, whatever the run's broker is: it fails on demand. */
describe('recovery in trouble', () => {
  let kafka: EmbeddedKafka;
  let app: INestApplicationContext;
  let logger: LogRecorder;
  const handled: string[] = [];
  class Orders {
    @MessageHandler('orders', { deadLetter: true, processingOrder: 'key' })
    created({ value }: Message): void {
      const text = value!.toString();
      if (text.startsWith('bad')) throw new NonRetriableError(`no ${text}`);
      if (text.startsWith('long')) throw new NonRetriableError(noise(10_000));
      handled.push(text);
    }
  }
  const letters = (): string[] =>
    kafka.topics().includes('orders.dlq') ? kafka.records('orders.dlq').map(({ value }) => String(value)) : [];
  const committed = (partition: number): string | undefined =>
    kafka.committed('billing', 'orders').find((one) => one.partition === partition)?.offset;
  const start = async (): Promise<void> => {
    app = await startApplication(
      { brokers: kafka.brokers, group: 'billing', requestTimeoutMs: 2_000 },
      [Orders],
      logger,
    );
  };

  beforeEach(async () => {
    handled.length = 0;
    logger = new LogRecorder();
    kafka = await EmbeddedKafka.start({ brokers: 2, autoCreateTopics: false });
    kafka.createTopic({ name: 'orders', partitions: 2, replicationFactor: 1 });
  });
  afterEach(async () => {
    await app.close();
    await kafka.stop();
  });

  it('a broker of dead letters that is away for 10 s loses none, and holds the lanes of their keys only', async () => {
    kafka.createTopic({ name: 'orders.dlq', partitions: 1, replicationFactor: 1 });
    const away = kafka.leader('orders.dlq', 0)!;
    const [here] = [0, 1].filter((partition) => kafka.leader('orders', partition) !== away);
    const present = kafka.brokers[kafka.leader('orders', here!)! - 1]!;
    let group = 'billing';
    for (let i = 0; kafka.coordinator(group) === away; i++) group = `billing-${i}`;
    app = await startApplication({ brokers: [present], group, requestTimeoutMs: 2_000 }, [Orders], logger);
    kafka.produce('orders', [{ key: 'warm', value: 'up', partition: here }]);
    await eventually(() => handled.includes('up'));

    await kafka.stopBroker(away);
    const stoppedAt = Date.now();
    kafka.produce('orders', [
      { key: 'a', value: 'bad 1', partition: here },
      { key: 'a', value: 'behind', partition: here },
      { key: 'b', value: 'other', partition: here },
    ]);
    await eventually(() => handled.includes('other'));
    await eventually(() => Date.now() - stoppedAt >= 10_000, { timeoutMs: 15_000 });
    expect(handled).toEqual(['up', 'other']);
    expect(logger.find('error', 'could not be moved to orders.dlq; nothing is dropped').length).toBeGreaterThan(1);
    expect(kafka.committed(group, 'orders').find(({ partition }) => partition === here)?.offset).toBe('1');

    await kafka.startBroker(away);
    await eventually(() => handled.includes('behind'), { timeoutMs: 45_000 });

    expect(letters()).toEqual(['bad 1']);
    await kafka.until(() => kafka.committed(group, 'orders').some(({ offset }) => offset === '4'));
  });

  it('a lost answer to a dead letter has it stored once, and the next one not vanish', async () => {
    kafka.faults.disconnect('Produce', { topic: 'orders.dlq', when: 'after', times: 4 });
    await start();
    kafka.produce(
      'orders',
      [1, 2, 3, 4].map((i) => ({ key: 'a', value: `bad ${i}`, partition: 0 })),
    );

    await kafka.until(() => committed(0) === '4', { timeoutMs: 30_000 });

    expect(letters()).toEqual(['bad 1', 'bad 2', 'bad 3', 'bad 4']);
  });

  it('a dead letter that is too large and cannot be compressed goes without its stack, then without the error’s text, then is held', async () => {
    kafka.createTopic({
      name: 'orders.dlq',
      partitions: 1,
      replicationFactor: 1,
      configs: { 'max.message.bytes': '1500' },
    });
    await start();
    kafka.produce('orders', [{ key: 'a', value: 'long', partition: 0 }]);
    await kafka.until(() => committed(0) === '1');
    kafka.produce('orders', [{ key: 'a', value: `long ${noise(900)}`, partition: 0 }]);
    await kafka.until(() => committed(0) === '2');
    kafka.produce('orders', [
      { key: 'a', value: `bad ${noise(3_000)}`, partition: 0 },
      { key: 'b', value: 'other', partition: 0 },
    ]);
    await eventually(() => handled.includes('other'));
    await eventually(() => logger.find('error', 'orders-0@2 could not be moved to orders.dlq').length > 0);

    const told = kafka.records('orders.dlq').map(({ headers }) => ({
      error: String(headers.error).length,
      stack: String(headers['error-stack']).length,
    }));
    expect(told).toEqual([
      { error: 1_024, stack: 0 },
      { error: 0, stack: 0 },
    ]);
    expect(committed(0)).toBe('2');
    expect(app.get(KafkaConsumerService).status()).toMatchObject({ deadLettered: 2, open: 1 });
  });

  it('a dead letter that was smaller when its producer had compressed it goes compressed, whole', async () => {
    await start();
    const value = `bad ${'x'.repeat(3_000_000)}`;
    const producer = client(kafka.brokers).producer();
    await producer.connect();
    await producer.send({ topic: 'orders', compression: kafkajs.CompressionTypes.GZIP, messages: [{ value }] });
    await producer.disconnect();

    await eventually(() => letters().length === 1);
    const [letter] = kafka.records('orders.dlq');
    expect(letter!.value!.toString()).toBe(value);
    expect(String(letter!.headers['error-stack'])).toContain('NonRetriableError');
  });

  it('a topic of one’s own dead letters is refused at the start, and brings about no circle where a function tells it', async () => {
    class Watch {
      @MessageHandler('orders', { deadLetter: { topic: 'orders' } })
      created(): void {}
    }
    await expect(startApplication({ brokers: kafka.brokers, group: 'g' }, [Watch])).rejects.toThrow(
      'Watch.created takes "orders", to which its own dead letters would go',
    );
    class Sly {
      @MessageHandler('orders', { deadLetter: { topic: ({ topic }) => topic }, onExhausted: 'skip' })
      created(): void {
        throw new NonRetriableError('no');
      }
    }
    app = await startApplication({ brokers: kafka.brokers, group: 'billing' }, [Sly], logger);
    kafka.produce('orders', [{ value: '1', partition: 0 }]);

    await kafka.until(() => committed(0) === '1');
    expect(kafka.records('orders')).toHaveLength(1);
    expect(logger.find('error', 'skipping the record (onExhausted: skip)')).toHaveLength(1);
  });

  it('a function that tells the topic of dead letters is asked once for each', async () => {
    let asked = 0;
    class Asking {
      @MessageHandler('orders', { deadLetter: { topic: ({ topic }) => `${topic}.${++asked}` } })
      created(): void {
        throw new NonRetriableError('no');
      }
    }
    kafka.createTopic({ name: 'orders.1', partitions: 1, replicationFactor: 1 });
    app = await startApplication({ brokers: kafka.brokers, group: 'billing' }, [Asking], logger);
    kafka.produce('orders', [{ value: '1', partition: 0 }]);

    await kafka.until(() => committed(0) === '1');
    expect(asked).toBe(1);
    expect(kafka.records('orders.1')).toHaveLength(1);
  });

  it('functions that make promises where an answer is due have no say, and leave no rejection behind', async () => {
    const late = (): never => Promise.reject(new Error('late')) as never;
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    class Late {
      @MessageHandler('orders', {
        deadLetter: { topic: late },
        classify: late,
        nonRetriable: [late],
        lane: late,
        retry: { maxAttempts: 2, initialDelayMs: 1, delay: late },
      })
      created(): void {
        throw new Error('no');
      }
    }
    app = await startApplication({ brokers: kafka.brokers, group: 'billing' }, [Late], logger);
    kafka.produce('orders', [{ value: '1' }]);

    await eventually(() => letters().length === 1);
    await new Promise(setImmediate);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    expect(app.get(KafkaConsumerService).status()).toMatchObject({ failedAttempts: 2 });
  });

  it('a retry topic that is listed though nobody sends anything there is skipped like any without a handler', async () => {
    kafka.createTopic({ name: 'orders.retry.billing.1s', partitions: 1, replicationFactor: 1 });
    const headers = { 'original-topic': 'orders', 'original-group': 'billing', 'original-handler': 'Orders.created' };
    kafka.produce('orders.retry.billing.1s', [{ value: 'x', headers }]);
    const topics = ['orders', 'orders.retry.billing.1s'];
    app = await startApplication({ brokers: kafka.brokers, group: 'billing', topics, startFromBeginning: true }, [
      Orders,
    ]);
    kafka.produce('orders', [{ value: 'y' }]);

    await eventually(() => handled.includes('y') && app.get(KafkaConsumerService).status()?.skipped === 1);
    expect(app.get(KafkaConsumerService).status()).toMatchObject({ restarts: 0 });
  });

  it('a shutdown while a dead letter cannot be stored ends in time and leaves the record uncommitted', async () => {
    kafka.faults.fail('Produce', { error: 'NOT_ENOUGH_REPLICAS', topic: 'orders.dlq', times: Infinity });
    await start();
    kafka.produce('orders', [{ key: 'a', value: 'bad', partition: 0 }]);
    await eventually(() => logger.find('error', 'could not be moved').length > 0);

    const begun = Date.now();
    await app.close();

    expect(Date.now() - begun).toBeLessThan(10_000);
    expect(committed(0)).toBe('0');
    expect(letters()).toEqual([]);
  });

  it('a retry or dead-letter topic that may not be created is said, and what would go there is held', async () => {
    kafka.faults.fail('CreateTopics', { error: 'CLUSTER_AUTHORIZATION_FAILED', times: Infinity });
    await start();
    kafka.produce('orders', [{ key: 'a', value: 'bad', partition: 0 }]);

    await eventually(() => logger.find('error', 'could not be moved to orders.dlq').length > 0);
    await eventually(() => logger.find('warn', 'Topic "orders.dlq" does not exist and cannot be created').length > 0);
    expect(committed(0)).toBe('0');

    kafka.createTopic({ name: 'orders.dlq', partitions: 1, replicationFactor: 1 });
    await kafka.until(() => committed(0) === '1');
    expect(letters()).toEqual(['bad']);
  });
});
