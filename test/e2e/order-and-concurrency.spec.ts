import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { type HandlerContext, type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { startApplication } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

describe('processingOrder: key', () => {
  let app: INestApplicationContext | undefined;
  afterEach(async () => app?.close());

  const keyed = (...keys: string[]) =>
    keys.map((key, at) => ({ key, value: JSON.stringify({ at, customer: at % 2 }) }));

  it('handles different keys of a partition side by side, and each in order', async () => {
    const topic = await createTopic(uniqueName('keys'));
    const group = uniqueName('group');
    const seen: string[] = [];
    let running = 0;
    let most = 0;
    class Orders {
      @MessageHandler(topic, { processingOrder: 'key' })
      async handle({ key, offset }: Message): Promise<void> {
        seen.push(`${String(key)}${offset}`);
        most = Math.max(most, ++running);
        await eventually(() => most === 3, { intervalMs: 5 });
        running--;
      }
    }
    await produce(topic, keyed('a', 'a', 'b', 'a', 'c', 'b'));
    app = await startApplication({ group }, [Orders]);
    await untilCommitted(group, topic, '6');

    expect(most).toBe(3);
    const ofKey = (key: string) => seen.filter((place) => place.startsWith(key));
    expect([ofKey('a'), ofKey('b'), ofKey('c')]).toEqual([['a0', 'a1', 'a3'], ['b2', 'b5'], ['c4']]);
  });

  it('handles nothing again after a restart of what was done above a record that was not', async () => {
    const topic = await createTopic(uniqueName('restart'));
    const group = uniqueName('group');
    const done: string[] = [];
    let isStuck = true;
    class Orders {
      @MessageHandler(topic, { processingOrder: 'key' })
      async handle({ key, offset }: Message, { signal }: HandlerContext): Promise<void> {
        if (isStuck && String(key) === 'stuck') await delay(60_000, undefined, { signal });
        done.push(offset);
      }
    }
    await produce(topic, keyed('a', 'stuck', 'b', 'stuck', 'c'));
    app = await startApplication({ group, shutdownTimeoutMs: 2_000 }, [Orders]);
    await eventually(() => expect(done).toEqual(['0', '2', '4']));
    await app.close();
    isStuck = false;

    app = await startApplication({ group }, [Orders]);
    await untilCommitted(group, topic, '5');

    expect(done).toEqual(['0', '2', '4', '1', '3']);
  });

  it('takes the lane that a handler names', async () => {
    const topic = await createTopic(uniqueName('lane'));
    const group = uniqueName('group');
    const running = new Map<number, number>();
    const ofLane = (message: Message) => String((message.payload as { customer: number }).customer);
    let most = 0;
    let mostOfOne = 0;
    class Orders {
      @MessageHandler(topic, { lane: ofLane })
      async handle({ payload: { customer } }: Message<{ customer: number }>): Promise<void> {
        running.set(customer, (running.get(customer) ?? 0) + 1);
        mostOfOne = Math.max(mostOfOne, running.get(customer)!);
        most = Math.max(
          most,
          [...running.values()].reduce((sum, each) => sum + each, 0),
        );
        await eventually(() => most === 2, { intervalMs: 5 });
        running.set(customer, running.get(customer)! - 1);
      }
    }
    await produce(topic, keyed('a', 'b', 'c', 'd', 'e', 'f'));
    app = await startApplication({ group }, [Orders]);
    await untilCommitted(group, topic, '6');

    expect([most, mostOfOne]).toEqual([2, 1]);
  });

  it('has no more messages of a handler in flight than its concurrency', async () => {
    const topic = await createTopic(uniqueName('capped'), 4);
    const group = uniqueName('group');
    let running = 0;
    let most = 0;
    let handled = 0;
    class Orders {
      @MessageHandler(topic, { processingOrder: 'unordered', concurrency: 2 })
      async handle(): Promise<void> {
        most = Math.max(most, ++running);
        await delay(5);
        running--;
        handled++;
      }
    }
    await produce(
      topic,
      Array.from({ length: 40 }, (_, at) => ({ value: '1', partition: at % 4 })),
    );
    app = await startApplication({ group }, [Orders]);
    await eventually(() => handled === 40);

    expect(most).toBe(2);
  });
});
