import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { type KafkaOptions, Producer, type PublishedRecord } from '@things-kit/nestjs-kafka';
import { TestCluster } from '../../support/apache-cluster.js';
import { startApplication } from '../../support/application.js';
import { eventually } from '../../support/eventually.js';
import { client, recordsOf, uniqueName, useBrokers } from '../../support/kafka.js';

const partitions = 12;
const roundMs = 5;

/** Publishes a number to each partition, round after round, without waiting. */
class Publishing {
  readonly published: Promise<PublishedRecord>[] = [];
  acknowledged = 0;
  private readonly running: Promise<void>;
  private stopped = false;

  constructor(
    private readonly producer: Producer,
    private readonly topic: string,
  ) {
    this.running = this.run();
  }

  async goesOn(count = 50 * partitions): Promise<void> {
    const enough = this.published.length + count;
    await eventually(() => this.acknowledged >= enough, {
      timeoutMs: 60_000,
      message: () => `${enough} acknowledged, there are ${this.acknowledged}`,
    });
  }

  /** Publishes no more. */
  end(): void {
    this.stopped = true;
  }

  /** Resolves when all is acknowledged. */
  async stop(): Promise<void> {
    this.end();
    await this.running;
    await Promise.all(this.published);
  }

  private async run(): Promise<void> {
    for (let round = 0; !this.stopped; round++) {
      for (let partition = 0; partition < partitions; partition++) this.publish(partition, round);
      await delay(roundMs);
    }
  }

  private publish(partition: number, round: number): void {
    const published = this.producer.publish({ topic: this.topic, partition, value: String(round) });
    published.then(
      () => this.acknowledged++,
      () => undefined,
    );
    this.published.push(published);
  }
}

/** Whether it is in sync is waited for, too, and there is none until a group is used. */
async function makeOffsetsTopic(brokers: readonly string[]): Promise<void> {
  const admin = client([...brokers]).admin();
  await admin.connect();
  await eventually(async () => void (await admin.fetchOffsets({ groupId: 'warm-up' })));
  await admin.disconnect();
}

describe('publishing to a cluster', () => {
  let cluster: TestCluster;
  let app: INestApplicationContext;
  let publishing: Publishing | undefined;
  const start = async (options: Partial<KafkaOptions> = {}): Promise<Producer> => {
    app = await startApplication({ brokers: cluster.brokers, ...options }, []);
    return app.get(Producer);
  };
  beforeAll(async () => {
    cluster = await TestCluster.start();
    useBrokers(cluster.brokers);
    await makeOffsetsTopic(cluster.brokers);
  }, 120_000);
  afterEach(async () => {
    publishing?.end();
    await app.close();
  });
  afterAll(() => cluster.stop());

  /** All that was published to each partition, once and in order. */
  const expectAllInOrder = async (topic: string, { published }: Publishing): Promise<void> => {
    const stored = await recordsOf(topic, published.length);
    const rounds = Array.from({ length: published.length / partitions }, (_, round) => String(round));
    for (let partition = 0; partition < partitions; partition++) {
      const values = stored.filter((record) => (record as { partition?: number }).partition === partition);
      expect(values.map(({ value }) => String(value))).toEqual(rounds);
    }
  };

  it.each(['stop', 'kill'] as const)(
    'whose brokers end one after the other (%s) stores all once, in order',
    async (end) => {
      const topic = await cluster.createTopic(partitions);
      publishing = new Publishing(await start(), topic);
      await publishing.goesOn();

      for (const node of cluster.nodes) {
        await cluster.bounce(node, end);
        await publishing.goesOn();
      }
      await publishing.stop();

      await expectAllInOrder(topic, publishing);
    },
    240_000,
  );

  it('with a broker that hangs for longer than it is waited for stores all once, in order', async () => {
    const topic = await cluster.createTopic(partitions);
    publishing = new Publishing(await start({ requestTimeoutMs: 1_500 }), topic);
    await publishing.goesOn();
    const { pid } = cluster.nodes[1]!;

    process.kill(pid!, 'SIGSTOP');
    try {
      await publishing.goesOn(500 * partitions);
    } finally {
      process.kill(pid!, 'SIGCONT');
    }
    await cluster.untilInSync();
    await publishing.goesOn();
    await publishing.stop();

    await expectAllInOrder(topic, publishing);
  }, 240_000);

  it('past deliveryTimeoutMs tells that a message may be stored; those behind it are stored once, in order', async () => {
    const topic = uniqueName('alone');
    const node = cluster.nodes[2]!;
    const admin = client(cluster.brokers).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, replicaAssignment: [{ partition: 0, replicas: [node.id] }] }] });
    await admin.disconnect();
    const producer = await start({ requestTimeoutMs: 1_500, producer: { deliveryTimeoutMs: 2_500 } });
    const publish = (value: string) => producer.publish({ topic, value });
    await publish('first');

    process.kill(node.pid!, 'SIGSTOP');
    const inDoubt = await publish('in doubt')
      .catch((error: Error) => error.message)
      .finally(() => process.kill(node.pid!, 'SIGCONT'));
    await cluster.untilInSync();
    const behind = ['1', '2', '3'];
    const places = await Promise.all(behind.map(publish));

    expect(inDoubt).toMatch(/not acknowledged in time, it may or may not be stored/);
    const stored = (await recordsOf(topic, Number(places[2]!.offset) + 1)).map(({ value }) => String(value));
    expect(stored.filter((value) => value !== 'in doubt')).toEqual(['first', ...behind]);
    expect(stored.length).toBeLessThanOrEqual(5);
  }, 120_000);

  it('that refuses a message without a key for a compacted topic stores those that go with it', async () => {
    const topic = uniqueName('compacted');
    const admin = client(cluster.brokers).admin();
    await admin.connect();
    const configEntries = [{ name: 'cleanup.policy', value: 'compact' }];
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: true });
    await admin.disconnect();
    const producer = await start();

    const results = await Promise.allSettled(
      ['a', 'b', null, 'c'].map((key) => producer.publish({ topic, key, value: String(key) })),
    );

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect((await recordsOf(topic, 3)).map(({ value }) => String(value))).toEqual(['a', 'b', 'c']);
  }, 60_000);
});
