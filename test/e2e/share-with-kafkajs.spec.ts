import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { KafkaConsumerService, type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import type { Consumer } from 'kafkajs';
import { startApplication, untilAssigned } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { client, createTopic, produce, uniqueName } from '../support/kafka.js';

describe('a group with a member on plain kafkajs', () => {
  let app: INestApplicationContext | undefined;
  let consumer: Consumer | undefined;
  afterEach(async () => {
    await app?.close();
    await consumer?.disconnect();
  });

  it('shares the partitions with it, and takes over when it leaves', async () => {
    const topic = await createTopic(uniqueName('mixed'), 4);
    const group = uniqueName('group');
    const seen = { kafkajs: [] as number[], ours: [] as number[] };
    class Numbers {
      @MessageHandler(topic)
      handle({ payload }: Message<number>): void {
        seen.ours.push(payload);
      }
    }
    const publish = (from: number): Promise<void> =>
      produce(
        topic,
        [0, 1, 2, 3].map((partition) => ({ value: String(from + partition), partition })),
      );

    consumer = client().consumer({
      groupId: group,
      heartbeatInterval: 200,
      sessionTimeout: 6_000,
      maxWaitTimeInMs: 100,
    });
    await consumer.subscribe({ topic, fromBeginning: true });
    const eachMessage = ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
      seen.kafkajs.push(Number(message.value));
      return Promise.resolve();
    };
    await consumer.run({ eachMessage });
    app = await startApplication({ group, assignors: ['cooperative-sticky', 'roundrobin'] }, [Numbers]);
    await untilAssigned(app, 2);
    await publish(0);
    await eventually(() => expect([seen.kafkajs.length, seen.ours.length]).toEqual([2, 2]));

    await consumer.disconnect();
    await untilAssigned(app, 4);
    await publish(4);

    await eventually(() => expect([...seen.kafkajs, ...seen.ours].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]));
    expect(app.get(KafkaConsumerService).status()?.handled).toBe(6);
  });
});
