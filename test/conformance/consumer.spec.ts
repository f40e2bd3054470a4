import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs, { type Consumer } from 'kafkajs';
import { eventually } from './support/eventually.js';
import { createClient, createTopic, openTarget, type Target, unique } from './support/target.js';

let target: Target;
const open: Consumer[] = [];

beforeAll(async () => {
  target = await openTarget();
});

afterAll(async () => {
  await Promise.all(open.map((consumer) => consumer.disconnect()));
  await target.stop();
});

async function send(topic: string, ...values: string[]): Promise<void> {
  const producer = createClient(target).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: values.map((value, partition) => ({ value, partition: partition % 2 })) });
  await producer.disconnect();
}

async function consume(topic: string, groupId: string) {
  const consumer = createClient(target).consumer({ groupId, heartbeatInterval: 200, maxWaitTimeInMs: 100 });
  open.push(consumer);
  const values: string[] = [];
  let partitions: number[] = [];
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    partitions = payload.memberAssignment[topic] ?? [];
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) });
  return { consumer, values, partitions: () => partitions };
}

describe('the members of a group', () => {
  test('share the partitions, and take over those of one that leaves', async () => {
    const topic = await createTopic(target, { partitions: 2 });
    const groupId = unique('group');
    const one = await consume(topic, groupId);
    const two = await consume(topic, groupId);
    await eventually(() => expect([...one.partitions(), ...two.partitions()].sort()).toEqual([0, 1]));
    await send(topic, 'a', 'b');
    await eventually(() => expect([one.values.length, two.values.length]).toEqual([1, 1]));
    await two.consumer.disconnect();
    await eventually(() => expect([...one.partitions()].sort()).toEqual([0, 1]));
    await send(topic, 'c', 'd');
    await eventually(() => expect(one.values).toEqual(expect.arrayContaining(['c', 'd'])));
  });

  test('begin where the group has committed', async () => {
    const topic = await createTopic(target, { partitions: 2 });
    const groupId = unique('group');
    const before = await consume(topic, groupId);
    await send(topic, 'a', 'b');
    await eventually(() => expect(before.values).toHaveLength(2));
    await before.consumer.disconnect();
    await send(topic, 'c', 'd');
    const after = await consume(topic, groupId);
    await eventually(() => expect(after.values.sort()).toEqual(['c', 'd']));
  });

  test('of two groups each get everything', async () => {
    const topic = await createTopic(target, { partitions: 2 });
    await send(topic, 'a', 'b');
    const groups = [await consume(topic, unique('one')), await consume(topic, unique('two'))];
    for (const { values } of groups) await eventually(() => expect(values.sort()).toEqual(['a', 'b']));
  });
});
