import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import {
  type HandlerContext,
  type KafkaOptions,
  type Message,
  MessageHandler,
  type MessageHandlerOptions,
  NonRetriableError,
} from '@things-kit/nestjs-kafka';
import { EmbeddedKafka } from '@things-kit/nestjs-kafka/testing';
import kafkajs from 'kafkajs';
import { LogRecorder, startApplication } from '../../support/application.js';
import { eventually } from '../../support/eventually.js';
import { client } from '../../support/kafka.js';

const apis = [
  'InitProducerId',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'AddPartitionsToTxn',
  'Produce',
  'EndTxn',
] as const;
const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));

/** On an embedded broker of its own, whatever the run's broker is: it fails on demand. */
describe('transactions in trouble', () => {
  let kafka: EmbeddedKafka;
  let logger: LogRecorder;
  let handled: string[];
  let app: INestApplicationContext | undefined;

  beforeEach(async () => {
    handled = [];
    logger = new LogRecorder();
    kafka = await EmbeddedKafka.start({ brokers: 2, autoCreateTopics: false });
    for (const name of ['orders', 'validated']) kafka.createTopic({ name, partitions: 1, replicationFactor: 2 });
  });
  afterEach(async () => {
    kafka.faults.clear();
    await app?.close();
    app = undefined;
    await kafka.stop();
  });

  async function start(
    handle: (message: Message, context: HandlerContext) => unknown = ({ value }) => value!.toString(),
    handler: MessageHandlerOptions = {},
    more: Partial<KafkaOptions> = {},
  ): Promise<void> {
    class Orders {
      @MessageHandler('orders', { transactional: true, publishTo: 'validated', ...handler })
      created(message: Message, context: HandlerContext): unknown {
        handled.push(message.value!.toString().slice(0, 10));
        return handle(message, context);
      }
    }
    const options = { brokers: kafka.brokers, group: 'billing', requestTimeoutMs: 1_000, ...more };
    app = await startApplication(options, [Orders], logger);
  }
  const produce = (...values: string[]): void =>
    void kafka.produce(
      'orders',
      values.map((value) => ({ value })),
    );
  const results = (topic = 'validated'): string[] =>
    kafka.records(topic, { isolation: 'read_committed' }).map(({ value }) => String(value));
  const untilDone = (offset: number): Promise<void> =>
    eventually(() => kafka.committed('billing', 'orders')[0]?.offset === String(offset), {
      timeoutMs: 20_000,
      message: () => JSON.stringify([kafka.committed('billing', 'orders'), logger.lines.slice(-5)]),
    });

  describe.each(['before', 'after'] as const)('an answer that is lost %s it took effect', (when) => {
    it.each(apis)('to %s costs nothing', async (api) => {
      produce('0');
      if (api === 'InitProducerId') kafka.faults.disconnect(api, { when, times: 2 });
      await start();
      await untilDone(1);
      kafka.faults.disconnect(api, { when, times: 2 });

      produce(...numbers(50).slice(1));
      await untilDone(50);

      expect(results()).toEqual(numbers(50));
      expect(handled).toEqual(numbers(50));
      expect(logger.find('error', 'transaction')).toEqual([]);
    });
  });

  it.each(apis.slice(1))(
    '%s that is refused, for another producer has the id: its records are handled again',
    async (api) => {
      produce('0');
      await start();
      await untilDone(1);
      kafka.faults.fail(api, { error: 'INVALID_PRODUCER_EPOCH' });

      produce(...numbers(50).slice(1));
      await untilDone(50);

      expect(results()).toEqual(numbers(50));
      expect(new Set(handled).size).toBe(50);
      expect(logger.find('error', 'A transaction of group "billing" up to orders-0@')).toHaveLength(1);
    },
  );

  it.each(['GROUP_LOAD_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP', 'CONCURRENT_TRANSACTIONS'] as const)(
    'coordinators that answer %s are asked again',
    async (error) => {
      for (const api of ['InitProducerId', 'AddOffsetsToTxn', 'AddPartitionsToTxn', 'EndTxn'] as const)
        kafka.faults.fail(api, { error, times: 3 });
      if (error !== 'CONCURRENT_TRANSACTIONS') kafka.faults.fail('TxnOffsetCommit', { error, times: 3 });
      produce(...numbers(20));

      await start();
      await untilDone(20);

      expect(results()).toEqual(numbers(20));
      expect(handled).toEqual(numbers(20));
    },
  );

  it('a topic of results that is missing holds the partition, and nothing is lost', async () => {
    produce(...numbers(10));
    await start(({ value }) => value!.toString(), { publishTo: 'later' });
    await eventually(() => logger.find('error', 'Topic "later" does not exist').length > 0, { timeoutMs: 20_000 });
    expect(kafka.committed('billing', 'orders')).toMatchObject([{ offset: '0' }]);

    kafka.createTopic({ name: 'later', partitions: 1, replicationFactor: 2 });
    await untilDone(10);

    expect(results('later')).toEqual(numbers(10));
  }, 60_000);

  it('a dead letter that is too large is made smaller', async () => {
    const letter = randomBytes(67_500).toString('base64');
    kafka.createTopic({
      name: 'dead',
      partitions: 1,
      replicationFactor: 2,
      configs: { 'max.message.bytes': '94000' },
    });
    produce('0', letter, '1');
    await start(
      ({ value }) => {
        if (value!.length > 1) throw new NonRetriableError('x'.repeat(50_000));
        return value!.toString();
      },
      { deadLetter: { topic: 'dead' } },
    );

    await untilDone(3);

    expect(results()).toEqual(['0', '1']);
    expect(kafka.records('dead', { isolation: 'read_committed' })).toHaveLength(1);
    expect(logger.find('error', 'A transaction of group "billing"')).toHaveLength(1);
  });

  it('metadata that is too long for the broker is left out', async () => {
    kafka.faults.fail('TxnOffsetCommit', { error: 'OFFSET_METADATA_TOO_LARGE' });
    let release = (): void => undefined;
    const first = new Promise<void>((resolve) => (release = resolve));
    kafka.produce(
      'orders',
      numbers(50).map((value) => ({ key: value, value })),
    );
    await start(
      async ({ value }) => {
        if (value!.toString() === '0') await first;
        return value!.toString();
      },
      { processingOrder: 'key' },
    );

    await eventually(() => handled.length === 50 && logger.find('warn', 'offset.metadata.max.bytes').length > 0);
    release();
    await untilDone(50);

    expect(results().toSorted()).toEqual(numbers(50).toSorted());
    expect(handled.toSorted()).toEqual(numbers(50).toSorted());
    expect(logger.find('warn', 'offset.metadata.max.bytes')).toHaveLength(1);
  });

  it('without their metadata hold back the results of records above one that is open, which may be handled again', async () => {
    kafka.faults.fail('TxnOffsetCommit', { error: 'OFFSET_METADATA_TOO_LARGE' });
    let release = (): void => undefined;
    const first = new Promise<void>((resolve) => (release = resolve));
    kafka.produce(
      'orders',
      numbers(21).map((value) => ({ key: value, value })),
    );
    await start(
      async ({ value }) => {
        if (value!.toString() === '1') await first;
        return value!.toString();
      },
      { processingOrder: 'key' },
    );
    await eventually(() => results().length > 0 && handled.length === 21);
    await eventually(() => logger.find('warn', 'offset.metadata.max.bytes').length > 0);
    kafka.faults.fail('EndTxn', { error: 'INVALID_PRODUCER_EPOCH' });
    kafka.produce('orders', [{ key: 'x', value: '21' }]);
    await eventually(() => logger.find('error', 'A transaction of group').length === 1);

    release();
    await untilDone(22);

    expect(results().toSorted()).toEqual(numbers(22).toSorted());
  });

  it('slow ones hold back what is read, until they have stored what fills all that may be in flight', async () => {
    kafka.faults.delay('EndTxn', 100, { times: Infinity });
    produce(...numbers(60));

    await start(({ value }) => value!.toString(), { processingOrder: 'unordered' }, { maxInFlightRecords: 10 });
    await untilDone(60);
    produce(...numbers(120).slice(60));
    await untilDone(120);

    expect(results().toSorted()).toEqual(numbers(120).toSorted());
  });

  it('waits for the transaction of another that is to change the position', async () => {
    produce(...numbers(10));
    const other = client([...kafka.brokers]).producer({
      transactionalId: 'other',
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await other.connect();
    const first = await other.transaction();
    await first.sendOffsets({
      consumerGroupId: 'billing',
      topics: [{ topic: 'orders', partitions: [{ partition: 0, offset: '2' }] }],
    });
    await first.commit();
    const second = await other.transaction();
    await second.sendOffsets({
      consumerGroupId: 'billing',
      topics: [{ topic: 'orders', partitions: [{ partition: 0, offset: '5' }] }],
    });

    await start();
    await eventually(() => logger.find('warn', 'No position yet for orders-0').length > 0);
    expect(handled).toEqual([]);
    await second.commit();
    await untilDone(10);
    await other.disconnect();

    expect(results()).toEqual(numbers(10).slice(5));
  });
});
