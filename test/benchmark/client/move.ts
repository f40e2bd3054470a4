import { setTimeout as delay } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { kafkaDefaults } from '../../../lib/config/kafka-defaults.js';
import { contenders, newGroup, type Close } from './contenders.js';
import type { Figures } from '../common/samples.js';
import type { Job } from './job.js';

const partitions = 12;

/** The pause of the producer, and so how finely is measured. */
const produceMs = 5;

/** After a rebalance all is at rest by then: heartbeats have their usual distance, which is the same for both contenders. */
const settleMs = 5_000;
const { heartbeatIntervalMs } = kafkaDefaults;

const patienceMs = 60_000;

/**
 * How long partitions that go from a member to another are not read, while records are written to all of them and
 * handlers take no time: from the last record of the one to the first of the other. Of those that move at a time, the
 * longest counts.
 */
export async function move({ contender, brokers, topics }: Job): Promise<Figures> {
  const [topic = ''] = topics;
  const group = newGroup();
  const reading = new Reading();
  const start = (member: string): Close =>
    contenders[contender]({
      brokers: [...brokers],
      topics: [topic],
      group,
      autoCommit: true,
      take: (_, partition) => reading.took(member, partition),
    });
  const stopProducer = produce(brokers, topic);
  start('first');
  start('second');
  await reading.isShared(6, 6);
  await delay(anyMoment());
  reading.reset();
  const leave = start('third');
  await reading.isShared(4, 4, 4);
  const joinMs = reading.longestGap;
  await delay(anyMoment());
  reading.reset();
  await Promise.all([leave(), reading.isShared(6, 6)]);
  await stopProducer();
  return { joinMs, leaveMs: reading.longestGap };
}

/** Members learn of a rebalance by their heartbeats, so it makes a difference when it falls between two. */
function anyMoment(): number {
  return settleMs + Math.random() * heartbeatIntervalMs;
}

/** Who reads which partition, and how long nobody did in between. */
class Reading {
  private readonly last = new Map<number, { member: string; at: number }>();
  private gaps: number[] = [];

  took(member: string, partition: number): void {
    const at = performance.now();
    const before = this.last.get(partition);
    this.last.set(partition, { member, at });
    if (before && before.member !== member) this.gaps.push(at - before.at);
  }

  reset(): void {
    this.gaps = [];
  }

  get longestGap(): number {
    return Math.max(...this.gaps);
  }

  /** Resolves when each member has read so many partitions, and each partition was read by its last owner. */
  async isShared(...counts: number[]): Promise<void> {
    const end = performance.now() + patienceMs;
    while (this.shares.join() !== counts.join()) {
      if (performance.now() > end) throw new Error(`expected shares of ${counts.join()}, got ${this.shares.join()}`);
      await delay(produceMs);
    }
  }

  private get shares(): number[] {
    const readers = [...this.last.values()].map(({ member }) => member);
    return [...new Set(readers)].map((member) => readers.filter((reader) => reader === member).length);
  }
}

/** Writes to every partition, over and over, until told to stop. */
function produce(brokers: readonly string[], topic: string): Close {
  const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.ERROR });
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  const messages = Array.from({ length: partitions }, (_, partition) => ({ partition, value: 'a record' }));
  let stopped = false;
  const run = async (): Promise<void> => {
    await producer.connect();
    while (!stopped) {
      await producer.send({ topic, messages, acks: 1 });
      await delay(produceMs);
    }
    await producer.disconnect();
  };
  const running = run();
  return () => {
    stopped = true;
    return running;
  };
}
