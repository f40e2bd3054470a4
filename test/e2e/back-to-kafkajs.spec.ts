import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { type HandlerContext, type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import type { Consumer } from 'kafkajs';
import { startApplication, untilAssigned } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { client, createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

describe('A group of this package', () => {
  let topic: string;
  let group: string;
  let app: INestApplicationContext | undefined;
  let consumer: Consumer | undefined;
  beforeEach(() => {
    group = uniqueName('group');
    app = consumer = undefined;
  });
  afterEach(async () => {
    await app?.close();
    await consumer?.disconnect();
  });

  /** A consumer of plain kafkajs. @returns what it has been given */
  async function startPlain(): Promise<number[]> {
    const seen: number[] = [];
    const times = { heartbeatInterval: 200, sessionTimeout: 6_000, rebalanceTimeout: 10_000, maxWaitTimeInMs: 100 };
    consumer = client().consumer({ groupId: group, ...times });
    await consumer.subscribe({ topic, fromBeginning: false });
    await consumer.run({
      eachMessage: ({ message }) => Promise.resolve(void seen.push(Number(message.value))),
    });
    return seen;
  }

  it('goes on with plain kafkajs at its committed offset: what was completed above it comes again, nothing is lost; and back', async () => {
    topic = await createTopic(uniqueName('orders'));
    await produce(topic, numbers(6));
    const ours: number[] = [];
    class Orders {
      @MessageHandler(topic, { processingOrder: 'unordered' })
      async handle({ payload }: Message<number>, { signal }: HandlerContext): Promise<void> {
        if (payload === 2 && ours.length < 6) await aborted(signal);
        ours.push(payload);
      }
    }
    app = await startApplication({ group, shutdownTimeoutMs: 1_000 }, [Orders]);
    await eventually(() => expect(ours.toSorted()).toEqual([0, 1, 3, 4, 5]));
    await app.close();
    await untilCommitted(group, topic, '2');

    const plain = await startPlain();
    await eventually(() => expect(plain).toEqual([2, 3, 4, 5]));
    await consumer!.disconnect();
    await untilCommitted(group, topic, '6');
    await produce(topic, ['6']);

    app = await startApplication({ group }, [Orders]);
    await eventually(() => ours.includes(6));
    expect(ours.toSorted()).toEqual([0, 1, 3, 4, 5, 6]);
  });

  it('is taken over by plain kafkajs in a rolling deploy, by roundrobin', async () => {
    topic = await createTopic(uniqueName('orders'), 4);
    const publish = (from: number): Promise<void> =>
      produce(
        topic,
        numbers(4, from).map((value, partition) => ({ value, partition })),
      );
    const ours: number[] = [];
    class Orders {
      @MessageHandler(topic)
      handle({ payload }: Message<number>): void {
        ours.push(payload);
      }
    }
    app = await startApplication({ group, assignors: ['cooperative-sticky', 'roundrobin'] }, [Orders]);
    await untilAssigned(app, 4);
    await publish(0);
    await eventually(() => ours.length === 4);

    const plain = await startPlain();
    await untilAssigned(app, 2);
    await publish(4);
    await eventually(() => expect([ours.length, plain.length]).toEqual([6, 2]));
    await app.close();
    await publish(8);

    await eventually(() => expect(new Set([...ours, ...plain]).size).toBe(12));
    expect(ours).toHaveLength(6);
  });
});

function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, at) => String(from + at));
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
}
