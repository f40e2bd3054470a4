import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs, { type Producer } from 'kafkajs';
import { errorName } from '../../lib/testing/embedded/protocol/errors.js';
import { consumeAll } from './support/consume.js';
import { eventually } from './support/eventually.js';
import { batchOf, produceRequest } from './support/records.js';
import { createClient, createTopic, openTarget, type Target, unique } from './support/target.js';
import { ask, errorIn, WireCluster } from './support/wire-cluster.js';

const createPartitioner = kafkajs.Partitioners.DefaultPartitioner;

let target: Target;
let wire: WireCluster;

beforeAll(async () => {
  target = await openTarget();
  wire = await WireCluster.open(target);
});

afterAll(async () => {
  wire.close();
  await target.stop();
});

async function withProducer<T>(work: (producer: Producer) => Promise<T>, transactionalId = unique('tx')): Promise<T> {
  const options = { transactionalId, idempotent: true, maxInFlightRequests: 1, createPartitioner };
  const producer = createClient(target).producer(options);
  await producer.connect();
  try {
    return await work(producer);
  } finally {
    await producer.disconnect();
  }
}

describe('a transaction', () => {
  test('that is committed is read, one that is aborted is not', async () => {
    const topic = await createTopic(target);
    await withProducer(async (producer) => {
      const aborted = await producer.transaction();
      await aborted.send({ topic, messages: [{ value: 'aborted' }] });
      await aborted.abort();
      const committed = await producer.transaction();
      await committed.send({ topic, messages: [{ value: 'committed' }] });
      await committed.commit();
    });
    expect(await consumeAll(target, topic, 1)).toMatchObject([{ value: 'committed' }]);
    expect((await consumeAll(target, topic, 2, true)).map(({ value }) => value)).toEqual(['aborted', 'committed']);
  });

  test('that is open hides what comes after it from readers of committed records', async () => {
    const topic = await createTopic(target);
    await withProducer(async (producer) => {
      const open = await producer.transaction();
      await open.send({ topic, messages: [{ value: 'open' }] });
      const leader = await wire.leader(topic);
      await leader.request('Produce', produceRequest(topic, batchOf(['after'])));
      const offsetAt = async (isolationLevel: number) => {
        const topics = [{ topic, partitions: [{ partition: 0, timestamp: -1 }] }];
        const answer = await leader.request('ListOffsets', { replicaId: -1, isolationLevel, topics });
        return answer.topics[0]?.partitions[0]?.offset;
      };
      expect([await offsetAt(0), await offsetAt(1)]).toEqual([2, 0]);
      await open.commit();
    });
    expect((await consumeAll(target, topic, 2)).map(({ value }) => value)).toEqual(['open', 'after']);
  });

  test('commits offsets of a group with it, or does not', async () => {
    const topic = await createTopic(target);
    const consumerGroupId = unique('group');
    const admin = createClient(target).admin();
    await admin.connect();
    const committed = async () => {
      const [offsets] = await admin.fetchOffsets({ groupId: consumerGroupId, topics: [topic] });
      return offsets?.partitions[0]?.offset;
    };
    for (const [offset, end] of [['5', 'commit'] as const, ['9', 'abort'] as const]) {
      // A producer each: Kafka ends a transaction after it has answered, and kafkajs does not wait for that here.
      await withProducer(async (producer) => {
        const transaction = await producer.transaction();
        const topics = [{ topic, partitions: [{ partition: 0, offset }] }];
        await transaction.sendOffsets({ consumerGroupId, topics });
        await transaction[end]();
      });
    }
    await eventually(async () => expect(await committed()).toBe('5'));
    await admin.disconnect();
  });

  test('that is open keeps the offsets it is to commit from those who wait for it', async () => {
    const [topic, groupId] = [await createTopic(target), unique('group')];
    await withProducer(async (producer) => {
      const transaction = await producer.transaction();
      const topics = [{ topic, partitions: [{ partition: 0, offset: '5' }] }];
      await transaction.sendOffsets({ consumerGroupId: groupId, topics });
      const read = async (requireStable: boolean) => {
        const request = { groupId, topics: [{ topic, partitions: [0] }], requireStable };
        const answer = await ask(await wire.coordinator(groupId), 'OffsetFetch', request);
        const { offset, errorCode } = answer.topics[0]!.partitions[0]!;
        return [offset, errorName(errorCode)];
      };
      expect(await read(true)).toEqual([-1, 'UNSTABLE_OFFSET_COMMIT']);
      expect(await read(false)).toEqual([-1, 'NONE']);
      await transaction.commit();
      await eventually(async () => expect(await read(true)).toEqual([5, 'NONE']));
    });
  });

  test('of a producer that was replaced is fenced', async () => {
    const topic = await createTopic(target);
    const transactionalId = unique('tx');
    await withProducer(async (zombie) => {
      const transaction = await zombie.transaction();
      await transaction.send({ topic, messages: [{ value: 'zombie' }] });
      await withProducer(async (successor) => {
        const own = await successor.transaction();
        await own.send({ topic, messages: [{ value: 'successor' }] });
        await own.commit();
      }, transactionalId);
      await expect(transaction.send({ topic, messages: [{ value: 'late' }] })).rejects.toMatchObject({
        type: expect.stringMatching(/^(INVALID_PRODUCER_EPOCH|PRODUCER_FENCED)$/),
      });
    }, transactionalId);
    expect(await consumeAll(target, topic, 1)).toMatchObject([{ value: 'successor' }]);
  });
});

describe('the coordinator of transactions', () => {
  async function producerOf(transactionalId: string) {
    const coordinator = await wire.coordinator(transactionalId, 1);
    const { producerId, producerEpoch } = await ask(coordinator, 'InitProducerId', {
      transactionalId,
      timeoutMs: 60_000,
    });
    return { coordinator, producer: { transactionalId, producerId, producerEpoch } };
  }

  test('refuses to end a transaction that was not begun', async () => {
    const { coordinator, producer } = await producerOf(unique('tx'));
    const answer = await ask(coordinator, 'EndTxn', { ...producer, committed: true });
    expect(errorIn(answer)).toBe('INVALID_TXN_STATE');
  });

  test('refuses another producer id, and an older epoch', async () => {
    const topic = await createTopic(target);
    const { coordinator, producer } = await producerOf(unique('tx'));
    const add = async (overrides: object) => {
      const topics = [{ topic, partitions: [0] }];
      return errorIn(await ask(coordinator, 'AddPartitionsToTxn', { ...producer, ...overrides, topics }));
    };
    expect(await add({ producerId: producer.producerId + 1000 })).toBe('INVALID_PRODUCER_ID_MAPPING');
    await producerOf(producer.transactionalId);
    expect(await add({})).toBe('INVALID_PRODUCER_EPOCH');
  });

  test('refuses partitions that do not exist', async () => {
    const topic = await createTopic(target);
    const { coordinator, producer } = await producerOf(unique('tx'));
    const topics = [{ topic, partitions: [0, 9] }];
    const answer = await ask(coordinator, 'AddPartitionsToTxn', { ...producer, topics });
    const errors = answer.topics[0]?.partitions.map(({ partition, errorCode }) => [partition, errorName(errorCode)]);
    expect(errors?.sort()).toEqual([
      [0, 'OPERATION_NOT_ATTEMPTED'],
      [9, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ]);
  });

  test('refuses an impossible timeout', async () => {
    const transactionalId = unique('tx');
    const coordinator = await wire.coordinator(transactionalId, 1);
    const answer = await ask(coordinator, 'InitProducerId', { transactionalId, timeoutMs: 2_000_000_000 });
    expect(errorIn(answer)).toBe('INVALID_TRANSACTION_TIMEOUT');
  });

  test('is the only broker that answers', async () => {
    const transactionalId = unique('tx');
    for (const other of wire.others(await wire.coordinator(transactionalId, 1))) {
      const answer = await other.request('InitProducerId', { transactionalId, timeoutMs: 60_000 });
      expect(errorIn(answer)).toBe('NOT_COORDINATOR_FOR_GROUP');
    }
  });

  test('does not let records in that are of no transaction', async () => {
    const topic = await createTopic(target);
    const { producer } = await producerOf(unique('tx'));
    const leader = await wire.leader(topic);
    const records = batchOf(['stray'], { ...producer, baseSequence: 0, transactional: true });
    const answer = await leader.request('Produce', produceRequest(topic, records, producer));
    expect(errorIn(answer)).not.toBe('NONE');
  });
});
