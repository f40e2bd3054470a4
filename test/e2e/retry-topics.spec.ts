import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import {
  type HandlerContext,
  KafkaConsumerService,
  Message,
  MessageHandler,
  NonRetriableError,
} from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { createTopic, listTopics, produce, recordsOf, uniqueName, untilCommitted } from '../support/kafka.js';

interface Call {
  place: string;
  attempt: number;
  at: number;
}

describe('retry topics', () => {
  const apps: INestApplicationContext[] = [];
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });

  async function start(...args: Parameters<typeof startApplication>): Promise<INestApplicationContext> {
    const app = await startApplication(...args);
    apps.push(app);
    return app;
  }

  it('take a failed message in turn, when it is due, and then its dead letter; what is behind it goes on', async () => {
    const topic = await createTopic(uniqueName('orders'), 2);
    const group = uniqueName('group');
    const calls: Call[] = [];
    const messages: Message[] = [];
    class Orders {
      @MessageHandler(topic, { retryTopics: ['300ms', '1s'], deadLetter: true })
      created(message: Message, { attempt }: HandlerContext): void {
        const { topic, partition, offset } = message;
        calls.push({ place: `${topic}-${partition}@${offset}`, attempt, at: Date.now() });
        messages.push(message);
        if (message.value?.toString() === 'bad') throw new Error(`attempt ${attempt}`);
      }
    }
    await produce(topic, [
      { value: 'bad', key: 'k', headers: { trace: 'abc' }, partition: 1 },
      { value: 'good', key: 'k', partition: 1 },
    ]);
    const app = await start({ group }, [Orders]);
    const [letter] = await recordsOf(`${topic}.dlq`, 1);

    expect(calls.map(({ place, attempt }) => `${place} #${attempt}`)).toEqual([
      `${topic}-1@0 #1`,
      `${topic}-1@1 #1`,
      `${topic}-1@0 #2`,
      `${topic}-1@0 #3`,
    ]);
    const [first, , second, third] = calls.map(({ at }) => at) as [number, number, number, number];
    expect(second - first).toBeGreaterThanOrEqual(300);
    expect(second - first).toBeLessThan(1_300);
    expect(third - second).toBeGreaterThanOrEqual(1_000);
    expect(third - second).toBeLessThan(2_000);
    expect(messages.map(({ headers }) => ({ ...headers }))).toEqual([
      { trace: 'abc' },
      {},
      { trace: 'abc' },
      { trace: 'abc' },
    ]);
    expect(messages[2]!.timestamp).toEqual(messages[0]!.timestamp);
    expect(Object.keys(letter!.headers!)).not.toContain('retry-step');
    expect(String(letter!.headers!['original-offset'])).toBe('0');
    expect(String(letter!.headers!.attempts)).toBe('3');
    expect(String(letter!.headers!.error)).toBe('attempt 3');
    expect(await listTopics()).toEqual(
      expect.arrayContaining([`${topic}.retry.${group}.300ms`, `${topic}.retry.${group}.1s`]),
    );
    expect(app.get(KafkaConsumerService).status()).toMatchObject({ retriedLater: 2, deadLettered: 1, handled: 1 });
  });

  it('concern the handler that failed, and no other of the topic or of another group', async () => {
    const topic = await createTopic(uniqueName('orders'));
    const calls: string[] = [];
    class Orders {
      @MessageHandler(topic, { retryTopics: ['100ms'] })
      first(_: Message, { attempt, group }: HandlerContext): void {
        calls.push(`first ${attempt}`);
        if (attempt === 1 && group.startsWith('failing')) throw new Error('again');
      }

      @MessageHandler(topic, { retryTopics: ['100ms'] })
      second(_: Message, { attempt }: HandlerContext): void {
        calls.push(`second ${attempt}`);
      }
    }
    const others: string[] = [];
    class Others {
      @MessageHandler(topic, { retryTopics: ['100ms'] })
      created(_: Message, { attempt }: HandlerContext): void {
        others.push(`other ${attempt}`);
      }
    }
    const group = uniqueName('failing');
    await start({ group }, [Orders]);
    await start({ group: uniqueName('other') }, [Others]);
    await produce(topic, ['1']);

    await eventually(() => calls.length === 3 && others.length === 1);
    await untilCommitted(group, `${topic}.retry.${group}.100ms`, '1');

    expect(calls).toEqual(['first 1', 'second 1', 'first 2']);
    expect(others).toEqual(['other 1']);
  });

  it('survive a restart: what waits is delivered by the next process, not before it is due', async () => {
    const topic = await createTopic(uniqueName('orders'));
    const group = uniqueName('group');
    const calls: { attempt: number; at: number }[] = [];
    class Orders {
      @MessageHandler(topic, { retryTopics: ['3s'] })
      created(_: Message, { attempt }: HandlerContext): void {
        calls.push({ attempt, at: Date.now() });
        if (attempt === 1) throw new Error('again');
      }
    }
    await produce(topic, ['1', '2']);
    const app = await start({ group }, [Orders]);
    await untilCommitted(group, topic, '2');
    await app.close();
    expect(calls.map(({ attempt }) => attempt)).toEqual([1, 1]);

    await start({ group }, [Orders]);
    await eventually(() => calls.length === 4);
    await untilCommitted(group, `${topic}.retry.${group}.3s`, '2');

    expect(calls.map(({ attempt }) => attempt)).toEqual([1, 1, 2, 2]);
    expect(calls[2]!.at - calls[1]!.at).toBeGreaterThanOrEqual(2_990);
  });

  it('are there for topics that a RegExp finds later, too, and skipped by what is hopeless', async () => {
    const prefix = uniqueName('orders');
    const topic = await createTopic(`${prefix}.eu`);
    const group = uniqueName('group');
    const calls: string[] = [];
    class Orders {
      @MessageHandler(new RegExp(`^${prefix}`), { retryTopics: ['100ms'], deadLetter: true })
      created({ payload }: Message<string>, { attempt }: HandlerContext): void {
        calls.push(`${payload} ${attempt}`);
        if (payload === 'hopeless') throw new NonRetriableError('no');
        if (attempt === 1) throw new Error('again');
      }
    }
    await produce(topic, ['"late"', '"hopeless"']);
    await start({ group }, [Orders]);
    await eventually(() => calls.includes('late 2'));

    expect(calls).toEqual(['late 1', 'hopeless 1', 'late 2']);
    expect(await recordsOf(`${topic}.dlq`, 1)).toHaveLength(1);
  });

  it('give what belongs to a handler that is there no longer to the dead letters', async () => {
    const topic = await createTopic(uniqueName('orders'));
    const group = uniqueName('group');
    class Old {
      @MessageHandler(topic, { retryTopics: ['1s'], deadLetter: true })
      created(): void {
        throw new Error('again');
      }
    }
    class New {
      @MessageHandler(topic, { retryTopics: ['1s'], deadLetter: true })
      created(): void {}
    }
    await produce(topic, ['1']);
    const app = await start({ group }, [Old]);
    await untilCommitted(group, topic, '1');
    await app.close();
    const logger = new LogRecorder();
    await start({ group }, [New], logger);

    const [letter] = await recordsOf(`${topic}.dlq`, 1);

    expect(String(letter!.headers!.error)).toContain('No handler Old.created takes this topic with retryTopics');
    expect(String(letter!.headers!['original-handler'])).toBe('Old.created');
  });
});
