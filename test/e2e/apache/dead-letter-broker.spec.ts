import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { type Message, MessageHandler, NonRetriableError } from '@things-kit/nestjs-kafka';
import { TestCluster } from '../../support/apache-cluster.js';
import { LogRecorder, startApplication } from '../../support/application.js';
import { eventually } from '../../support/eventually.js';
import { client, idempotentProducer, uniqueName } from '../../support/kafka.js';

describe('a broker of dead letters that is away', () => {
  let cluster: TestCluster;
  let app: INestApplicationContext | undefined;
  beforeAll(async () => {
    cluster = await TestCluster.start();
  }, 120_000);
  afterAll(async () => {
    await app?.close();
    await cluster.stop();
  });

  it('for 10 s makes none vanish, and holds the lane only', async () => {
    const topic = uniqueName('orders');
    const group = uniqueName('group');
    const home = cluster.nodes.at(-1)!;
    const others = cluster.nodes.filter((node) => node !== home);
    const admin = client(cluster.brokers).admin();
    await admin.connect();
    const on = (nodes: readonly { id: number }[]) => [{ partition: 0, replicas: nodes.map(({ id }) => id) }];
    await admin.createTopics({
      topics: [
        { topic, replicaAssignment: on(others) },
        { topic: `${topic}.dlq`, replicaAssignment: on([home]) },
      ],
    });
    const handled: string[] = [];
    class Orders {
      @MessageHandler(topic, { deadLetter: true, processingOrder: 'key' })
      created({ value }: Message): void {
        const text = value!.toString();
        if (text.startsWith('bad')) throw new NonRetriableError(`no ${text}`);
        handled.push(text);
      }
    }
    const logger = new LogRecorder();
    app = await startApplication({ brokers: cluster.brokers, group, requestTimeoutMs: 3_000 }, [Orders], logger);
    const producer = await idempotentProducer(others.map(({ address }) => address));
    const write = (key: string, value: string) => producer.send({ topic, messages: [{ key, value, partition: 0 }] });
    await write('warm', 'up');
    await eventually(() => handled.includes('up'), { timeoutMs: 40_000 });

    await home.kill();
    const killedAt = Date.now();
    await write('a', 'bad');
    await write('a', 'behind');
    await write('b', 'other');
    await eventually(() => handled.includes('other'), { timeoutMs: 40_000 });
    await eventually(() => Date.now() - killedAt > 10_000 && logger.find('error', 'could not be moved').length > 0, {
      timeoutMs: 40_000,
    });
    expect(handled).toEqual(['up', 'other']);
    await home.start();
    await eventually(() => handled.includes('behind'), { timeoutMs: 60_000 });

    expect(logger.find('error', `${topic}-0@1 could not be moved to ${topic}.dlq; nothing is dropped`)).not.toEqual([]);
    expect((await admin.fetchTopicOffsets(`${topic}.dlq`)).map(({ high }) => high)).toEqual(['1']);
    await admin.disconnect();
    await producer.disconnect();
  }, 180_000);
});
