import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { KafkaConsumerService, type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { startApplication, untilAssigned } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

describe('a consumer at runtime', () => {
  let app: INestApplicationContext;
  afterEach(async () => app?.close());

  async function consuming(partitions: number) {
    const topic = await createTopic(uniqueName('control'), partitions);
    const group = uniqueName('group');
    const seen: string[] = [];
    class Orders {
      @MessageHandler(topic)
      handle({ partition, offset }: Message): void {
        seen.push(`${partition}@${offset}`);
      }
    }
    app = await startApplication({ group }, [Orders]);
    await untilAssigned(app, partitions);
    return { topic, group, seen, consumer: app.get(KafkaConsumerService) };
  }

  it('can be paused and resumed, by partition or as a whole', async () => {
    const { topic, seen, consumer } = await consuming(2);
    const both = [
      { value: '1', partition: 0 },
      { value: '1', partition: 1 },
    ];
    consumer.pause(topic, [0]);
    await produce(topic, both);
    await eventually(() => expect(seen).toEqual(['1@0']));
    expect(consumer.assignments().map(({ partition, paused }) => [partition, paused])).toEqual([
      [0, true],
      [1, false],
    ]);

    consumer.resume(topic, [0]);
    await eventually(() => expect(seen).toEqual(['1@0', '0@0']));

    consumer.pause();
    await produce(topic, both);
    consumer.resume();
    await eventually(() => expect(seen).toHaveLength(4));
  });

  it('hands handlers no stores of the request that starts, resumes or moves it', async () => {
    const request = new AsyncLocalStorage<string>();
    const topic = await createTopic(uniqueName('control'));
    const seen: unknown[] = [];
    class Orders {
      @MessageHandler(topic)
      async handle(): Promise<void> {
        seen.push(request.getStore());
        if (seen.length === 1) consumer.pause(topic); // with the rest at hand
      }
    }
    app = await startApplication({ group: uniqueName('group'), autoStart: false }, [Orders]);
    const consumer = app.get(KafkaConsumerService);
    await produce(topic, ['1', '2', '3']);

    await request.run('start', () => consumer.start());
    await eventually(() => expect(consumer.assignments()[0]).toMatchObject({ open: 2, running: 0 }));
    request.run('resume', () => consumer.resume(topic));
    await eventually(() => seen.length === 3);
    await request.run('seek', () => consumer.seek(topic, 0, 0));
    await eventually(() => seen.length === 6);

    expect(seen).toEqual(Array(6).fill(undefined));
  });

  it('can be moved to an offset, and to a time', async () => {
    const { topic, group, seen, consumer } = await consuming(1);
    const start = Date.now() - 60_000;
    await produce(
      topic,
      [0, 1, 2].map((at) => ({ value: '1', timestamp: String(start + at * 1_000) })),
    );
    await eventually(() => expect(seen).toEqual(['0@0', '0@1', '0@2']));
    seen.length = 0;

    await consumer.seek(topic, 0, '1');
    await eventually(() => expect(seen).toEqual(['0@1', '0@2']));
    seen.length = 0;

    await consumer.seek(topic, 0, new Date(start + 1_500));
    await eventually(() => expect(seen).toEqual(['0@2']));
    await untilCommitted(group, topic, '3');
  });

  it('tells what it has and what it has done', async () => {
    const { topic, group, seen, consumer } = await consuming(1);
    await produce(topic, ['1', '2']);
    await eventually(() => seen.length === 2);
    await eventually(() => expect(consumer.assignments()[0]).toMatchObject({ topic, partition: 0, position: '2' }));

    expect(consumer.status()).toMatchObject({
      group,
      running: true,
      joined: true,
      assignments: [{ topic, partition: 0 }],
      restarts: 0,
      open: 0,
      handled: 2,
      failedAttempts: 0,
      skipped: 0,
    });
  });
});
