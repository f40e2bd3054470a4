import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs, { type Producer } from 'kafkajs';
import { consumeAll } from './support/consume.js';
import { batchOf, produceRequest } from './support/records.js';
import { createClient, createTopic, openTarget, type Target } from './support/target.js';
import { ask, errorIn, WireCluster } from './support/wire-cluster.js';

const { CompressionTypes, Partitioners } = kafkajs;
const createPartitioner = Partitioners.DefaultPartitioner;

let target: Target;
let wire: WireCluster;
let producer: Producer;

beforeAll(async () => {
  target = await openTarget();
  wire = await WireCluster.open(target);
  producer = createClient(target).producer({ createPartitioner });
  await producer.connect();
});

afterAll(async () => {
  await producer.disconnect();
  wire.close();
  await target.stop();
});

describe('a producer', () => {
  test('gets the offset of what it sent', async () => {
    const topic = await createTopic(target);
    await producer.send({ topic, messages: [{ value: 'a' }, { value: 'b' }] });
    const [second] = await producer.send({ topic, messages: [{ value: 'c' }] });
    expect(second).toMatchObject({ partition: 0, errorCode: 0, baseOffset: '2' });
  });

  test.each([-1, 0, 1])('is taken with acks %i', async (acks) => {
    const topic = await createTopic(target);
    await producer.send({ topic, acks, messages: [{ value: 'kept' }] });
    expect(await consumeAll(target, topic, 1)).toMatchObject([{ value: 'kept' }]);
  });

  test('has keys, headers and tombstones kept', async () => {
    const topic = await createTopic(target);
    const headers = { one: 'eins', twice: ['a', 'b'], bytes: Buffer.from([0, 255]) };
    await producer.send({ topic, messages: [{ key: 'k', value: null, headers, timestamp: '1700000000000' }] });
    const [message] = await consumeAll(target, topic, 1);
    expect(message).toMatchObject({ key: 'k', value: null, timestamp: '1700000000000' });
    expect(message?.headers).toEqual({
      one: Buffer.from('eins'),
      twice: [Buffer.from('a'), Buffer.from('b')],
      bytes: Buffer.from([0, 255]),
    });
  });

  test('has compressed records kept', async () => {
    const topic = await createTopic(target);
    const messages = Array.from({ length: 50 }, (_, i) => ({ value: `${i}`.repeat(100) }));
    await producer.send({ topic, messages, compression: CompressionTypes.GZIP });
    const values = (await consumeAll(target, topic, 50)).map(({ value }) => value);
    expect(values).toEqual(messages.map(({ value }) => value));
  });

  test('that is idempotent has its records kept once', async () => {
    const topic = await createTopic(target);
    const idempotent = createClient(target).producer({ idempotent: true, createPartitioner });
    await idempotent.connect();
    for (const value of ['a', 'b', 'c']) await idempotent.send({ topic, messages: [{ value }] });
    await idempotent.disconnect();
    expect((await consumeAll(target, topic, 3)).map(({ offset }) => offset)).toEqual(['0', '1', '2']);
  });

  test('is told the time of appending where the topic says so', async () => {
    const topic = await createTopic(target, { configs: { 'message.timestamp.type': 'LogAppendTime' } });
    const before = Date.now();
    await producer.send({ topic, messages: [{ value: 'a', timestamp: '1' }] });
    const [message] = await consumeAll(target, topic, 1);
    expect(Number(message?.timestamp)).toBeGreaterThanOrEqual(before);
  });

  test('is refused a message that is too large', async () => {
    const topic = await createTopic(target, { configs: { 'max.message.bytes': '1000' } });
    const sending = producer.send({ topic, messages: [{ value: 'x'.repeat(2000) }] });
    await expect(sending).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
  });
});

describe('a Produce request', () => {
  test('for an unknown topic or partition is refused', async () => {
    const topic = await createTopic(target);
    const leader = await wire.leader(topic);
    const records = batchOf(['a']);
    const answers = [
      await leader.request('Produce', produceRequest('no-such-topic', records)),
      await leader.request('Produce', produceRequest(topic, records, { partition: 7 })),
    ];
    expect(answers.map(errorIn)).toEqual(['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION']);
  });

  test('at a broker that does not lead is refused', async () => {
    const topic = await createTopic(target);
    for (const other of wire.others(await wire.leader(topic))) {
      const answer = await other.request('Produce', produceRequest(topic, batchOf(['a'])));
      expect(errorIn(answer)).toBe('NOT_LEADER_FOR_PARTITION');
    }
  });

  test('with acks that do not exist is refused', async () => {
    const topic = await createTopic(target);
    const leader = await wire.leader(topic);
    const answer = await leader.request('Produce', produceRequest(topic, batchOf(['a']), { acks: 3 }));
    expect(errorIn(answer)).toBe('INVALID_REQUIRED_ACKS');
  });

  test('with a length that is not that of its records is refused', async () => {
    const topic = await createTopic(target);
    const leader = await wire.leader(topic);
    const cut = batchOf(['a', 'b']).subarray(0, -3);
    const answer = await leader.request('Produce', produceRequest(topic, cut));
    expect(['CORRUPT_MESSAGE', 'INVALID_RECORD']).toContain(errorIn(answer));
  });

  test('that repeats a sequence is answered with the first offset and stored once', async () => {
    const topic = await createTopic(target);
    const leader = await wire.leader(topic);
    const send = async (baseSequence: number) =>
      leader.request(
        'Produce',
        produceRequest(topic, batchOf(['a', 'b'], { producerId, producerEpoch: 0, baseSequence })),
      );
    const { producerId } = await ask(leader, 'InitProducerId', { transactionalId: null, timeoutMs: 60_000 });
    const answers = [await send(0), await send(2), await send(0)];
    expect(answers.map((answer) => answer.topics[0]?.partitions[0]?.baseOffset)).toEqual([0, 2, 0]);
    expect(await consumeAll(target, topic, 4)).toHaveLength(4);
  });

  test('that leaves out a sequence is refused', async () => {
    const topic = await createTopic(target);
    const leader = await wire.leader(topic);
    const send = async (baseSequence: number) =>
      leader.request('Produce', produceRequest(topic, batchOf(['a'], { producerId, producerEpoch: 0, baseSequence })));
    const { producerId } = await ask(leader, 'InitProducerId', { transactionalId: null, timeoutMs: 60_000 });
    expect([errorIn(await send(0)), errorIn(await send(2))]).toEqual(['NONE', 'OUT_OF_ORDER_SEQUENCE_NUMBER']);
  });

  test('of an older producer epoch is refused', async () => {
    const topic = await createTopic(target);
    const leader = await wire.leader(topic);
    const send = async (producerEpoch: number) =>
      leader.request('Produce', produceRequest(topic, batchOf(['a'], { producerId, producerEpoch, baseSequence: 0 })));
    const { producerId } = await ask(leader, 'InitProducerId', { transactionalId: null, timeoutMs: 60_000 });
    expect([errorIn(await send(1)), errorIn(await send(0))]).toEqual(['NONE', 'INVALID_PRODUCER_EPOCH']);
  });
});
