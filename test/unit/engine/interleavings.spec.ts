import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { withDefaults } from '../../../lib/config/kafka-defaults.js';
import { connectionSettings, groupSettings } from '../../../lib/connection/client-settings.js';
import { GroupClient } from '../../../lib/engine/client/group-client.js';
import { GroupConsumer } from '../../../lib/engine/group-consumer.js';
import type { HandlerBinding } from '../../../lib/engine/handler-binding.js';
import { EmbeddedKafka, type ApiName, type KafkaErrorName } from '../../../lib/testing/index.js';
import { randomFrom } from '../../benchmark/common/topics.js';
import { accountFor, type HandlingEvent } from '../../chaos/ledger.js';
import { eventually } from '../../support/eventually.js';
import { FakeTransactions } from '../../support/fake-transactions.js';
import { FakePublisher } from '../../support/fake-publisher.js';
import { handlerBinding } from '../../support/handler-binding.js';
import { RecordingLogger } from '../../support/recording-logger.js';

/** Seeds of the runs; SEEDS=1000-1200 for others. */
const [first = 1, last = 12] = (process.env.SEEDS ?? '').split('-').filter(Boolean).map(Number);
const seeds = Array.from({ length: last - first + 1 }, (_, at) => first + at);

const partitions = 4;
const rounds = 12;
const keys = 20;

/** Its half, which is for the last commit, is longer than a rebalance takes that has lost an answer. */
const shutdownTimeoutMs = 10_000;

const errors: Partial<Record<ApiName, readonly KafkaErrorName[]>> = {
  OffsetCommit: ['REBALANCE_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP', 'GROUP_LOAD_IN_PROGRESS', 'REQUEST_TIMED_OUT'],
  OffsetFetch: ['GROUP_LOAD_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP'],
  Heartbeat: ['REBALANCE_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE'],
  JoinGroup: ['NOT_COORDINATOR_FOR_GROUP', 'GROUP_LOAD_IN_PROGRESS'],
  SyncGroup: ['REBALANCE_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP'],
  Fetch: ['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE', 'UNKNOWN'],
  ListOffsets: ['NOT_LEADER_FOR_PARTITION'],
  Metadata: ['LEADER_NOT_AVAILABLE'],
};
const apis = Object.keys(errors) as ApiName[];

/** Members of one group, whose handlers note down what they do. */
class Run {
  readonly events: HandlingEvent[] = [];
  readonly logger = new RecordingLogger();
  private readonly consumers: GroupConsumer[] = [];
  private readonly random: () => number;
  private started = 0;

  constructor(
    private readonly kafka: EmbeddedKafka,
    seed: number,
  ) {
    this.random = randomFrom(seed);
  }

  chance(part: number): boolean {
    return this.random() < part;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)]!;
  }

  produce(): void {
    const messages = Array.from({ length: 40 }, () => {
      const number = Math.floor(this.random() * keys);
      return { key: `key-${number}`, value: '', partition: number % partitions };
    });
    this.kafka.produce('orders', messages);
  }

  startMember(): void {
    const name = `member-${this.started++}`;
    const autoCommit = this.chance(0.5);
    const settings = withDefaults({
      brokers: this.kafka.brokers,
      startFromBeginning: true,
      autoCommit,
      commitIntervalMs: 50,
      shutdownTimeoutMs,
      heartbeatIntervalMs: 50,
      sessionTimeoutMs: 3_000,
      rebalanceTimeoutMs: 3_000,
      requestTimeoutMs: 1_000,
    });
    const binding = this.bindingOf(name);
    const silenceLimitMs = 60_000;
    const routes = () => [binding];
    const membership = groupSettings(settings, 'group', ['orders'], routes);
    const consumer = new GroupConsumer(
      { ...settings, group: 'group', silenceLimitMs },
      routes,
      {
        member: (listener) => new GroupClient(connectionSettings(settings), membership, listener, this.logger),
        publisher: () => new FakePublisher(),
        transactions: () => new FakeTransactions(),
      },
      this.logger,
    );
    this.consumers.push(consumer);
    void consumer.start();
  }

  /** As an application does that shuts down. */
  async stopMember(): Promise<void> {
    const [consumer] = this.consumers.splice(Math.floor(this.random() * this.consumers.length), 1);
    await consumer?.stop();
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.consumers.splice(0).map((consumer) => consumer.stop()));
  }

  get size(): number {
    return this.consumers.length;
  }

  trouble(): void {
    const api = this.pick(apis);
    const kind = this.random();
    const times = 1 + Math.floor(this.random() * 3);
    if (kind < 0.5) this.kafka.faults.fail(api, { error: this.pick(errors[api]!), times });
    else if (kind < 0.75) this.kafka.faults.disconnect(api, { times, when: this.pick(['before', 'after']) });
    else if (kind < 0.95) this.kafka.faults.delay(api, Math.floor(this.random() * 300), { times });
    else this.kafka.faults.rebalance('group');
  }

  private bindingOf(worker: string): HandlerBinding {
    return handlerBinding({
      order: 'key',
      handle: async ({ partition, offset, key, timestamp }, { signal }) => {
        const place = { worker, partition, offset: Number(offset), key: String(key), writtenAt: timestamp.getTime() };
        const note = (kind: HandlingEvent['kind']): void => {
          this.events.push({ ...place, kind, aborted: signal.aborted, at: performance.timeOrigin + performance.now() });
        };
        note('begin');
        await delay(this.random() * 8);
        note('end');
      },
    });
  }
}

it.each(seeds)('Whatever fails, nothing is lost, handled twice or out of order: seed %i', async (seed) => {
  const kafka = await EmbeddedKafka.start({
    brokers: 2,
    topics: [{ name: 'orders', partitions }],
    minSessionTimeoutMs: 500,
  });
  const run = new Run(kafka, seed);
  try {
    run.startMember();
    await eventually(() => kafka.members('group').length === 1, { intervalMs: 5 });
    for (let round = 0; round < rounds; round++) {
      run.produce();
      if (run.chance(0.4) && run.size < 3) run.startMember();
      else if (run.chance(0.3) && run.size > 1) void run.stopMember();
      if (run.chance(0.7)) run.trouble();
      await delay(20 + Math.floor(Math.random() * 100));
    }
    kafka.faults.clear();
    const ends = Array.from({ length: partitions }, (_, partition) => kafka.records('orders', { partition }).length);
    const committed = (): number[] =>
      ends.map((_, partition) =>
        Number(kafka.committed('group', 'orders').find((one) => one.partition === partition)?.offset),
      );
    await eventually(() => committed().join() === ends.join(), {
      message: () => `${ends.join()} to be committed, got ${committed().join()}`,
    });
    await run.stopAll();

    const { lost, duplicated, outOfOrder } = accountFor(ends, run.events, []);
    expect({ lost, duplicated, outOfOrder }).toEqual({ lost: [], duplicated: [], outOfOrder: [] });
  } catch (error) {
    console.log(run.logger.lines.map(({ level, message }) => `${level} ${message}`).join('\n'));
    throw error;
  } finally {
    await run.stopAll();
    await kafka.stop();
  }
});
