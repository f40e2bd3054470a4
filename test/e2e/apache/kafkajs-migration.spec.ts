import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Consumer } from 'kafkajs';
import type { GroupSettings } from '../../../lib/engine/client/client-settings.js';
import { JoinRefusedError } from '../../../lib/engine/client/group/join-errors.js';
import { contentsOf, describeGroup, Load, missingOf, TestGroup } from '../../support/apache-cluster.js';
import { eventually } from '../../support/eventually.js';
import { brokers, client, createTopic, uniqueName } from '../../support/kafka.js';
import type { TestMember } from '../../support/test-member.js';

const partitions = 12;
let topic: string;
let load: Load;
let group: TestGroup;
let plain: PlainMember[];

beforeEach(async () => {
  topic = await createTopic(uniqueName('orders'), partitions);
  load = new Load(brokers(), topic, partitions);
  group = new TestGroup(brokers(), topic);
  plain = [];
});

afterEach(async () => {
  await load.stop();
  await Promise.all(plain.map((member) => member.stop()));
  await group.close();
});

describe('A group on plain kafkajs, under load', () => {
  it('moves to cooperative-sticky in two rolling deploys: its partitions are all assigned at each step, and nothing is lost', async () => {
    const first = await startPlain();
    await untilShared('RoundRobinAssigner', 12);
    const second = await startPlain();
    await untilShared('RoundRobinAssigner', 6, 6);

    // The first deploy. The leader is a member of kafkajs, then it may be either, then it is ours.
    const both: Partial<GroupSettings> = { assignors: ['cooperative-sticky', 'roundrobin'] };
    const one = group.start(both);
    await untilShared('RoundRobinAssigner', 4, 4, 4);
    expect(first.leads).toBe(true);
    await expectRefused(group.start());
    await first.stop();
    await untilShared('RoundRobinAssigner', 6, 6);
    await second.stop();
    await untilShared('cooperative-sticky', 12);
    const again = await startPlain();
    await untilShared('RoundRobinAssigner', 6, 6);
    expect(again.leads).toBe(false);
    expect(again.received.filter((place) => group.received.includes(place))).toEqual([]); // ours has committed, then joined
    await again.stop();
    await untilShared('cooperative-sticky', 12);
    const two = group.start(both);
    await untilShared('cooperative-sticky', 6, 6);

    // The second deploy. Members that give all up in a rebalance, and such that do not, are in one group.
    for (const member of [one, two]) {
      group.start();
      await untilShared('cooperative-sticky', 4, 4, 4);
      await group.stop(member);
      await untilShared('cooperative-sticky', 6, 6);
    }

    const told = group.live.map(({ events }) => events.length);
    group.start();
    await untilShared('cooperative-sticky', 4, 4, 4);
    await untilAllArrived();
    const since = group.live.slice(0, 2).map(({ events }, index) => events.slice(told[index]));
    expect(since).toEqual([[revocationOf(2)], [revocationOf(2)]]); // only what moves
    expect(group.events('lost')).toEqual([]);
    expect(group.duplicates).toEqual([]); // kafkajs itself reads some twice when it has to give partitions up
  });
});

/** Waits until the group has so many members, that all its partitions are divided among them like this, and that they read them. */
async function untilShared(protocol: string, ...counts: number[]): Promise<void> {
  let found: unknown;
  await eventually(
    async () => {
      const described = await describeGroup(group.name, brokers());
      found = described;
      const known = [...group.live, ...plain.filter(({ running }) => running)].map((member) => member.partitions);
      expect(described).toMatchObject({ state: 'Stable', protocol });
      expect(described.shares.map(({ length }) => length)).toEqual(counts);
      expect(described.shares.flat().sort()).toEqual(allPartitions());
      expect(known.flat().sort()).toEqual(allPartitions());
    },
    { message: () => `${partitions} partitions by ${protocol}, shared as ${counts.join()}: ${JSON.stringify(found)}` },
  );
  await load.goesOn();
}

/** A member of the second deploy that comes during the first. */
async function expectRefused(early: TestMember): Promise<void> {
  const told = group.events('');
  expect(await early.ended).toBeInstanceOf(JoinRefusedError);
  await load.goesOn();
  await group.stop(early);
  expect(group.events('')).toEqual(told);
}

function allPartitions(): string[] {
  return Array.from({ length: partitions }, (_, partition) => `${topic}-${partition}`).sort();
}

/** Ends the load and waits until all of it has arrived. */
async function untilAllArrived(): Promise<void> {
  await load.stop();
  const wanted = [...load.acknowledged, ...(await contentsOf(topic, brokers()))];
  const missing = () => missingOf(wanted, [...plain.flatMap(({ received }) => received), ...group.received]);
  await eventually(() => missing().length === 0, {
    message: () => `all of ${wanted.length} records; missing: ${missing().join()}`,
  });
}

function revocationOf(count: number): unknown {
  return expect.stringMatching(new RegExp(`^revoked ([^,]+,){${count - 1}}[^,]+$`));
}

async function startPlain(): Promise<PlainMember> {
  const member = await PlainMember.start();
  plain.push(member);
  return member;
}

/** A consumer of kafkajs with its defaults but for times. */
class PlainMember {
  /** As in {@link TestMember.received}. */
  readonly received: string[] = [];

  /** What it owns, as far as it knows, as `topic-partition`, sorted. */
  partitions: string[] = [];

  /** Whether it divides the partitions. */
  leads = false;
  running = true;

  private constructor(private readonly consumer: Consumer) {
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.leads = payload.isLeader;
      this.partitions = (payload.memberAssignment[topic] ?? []).map((partition) => `${topic}-${partition}`).sort();
    });
  }

  static async start(): Promise<PlainMember> {
    const times = { heartbeatInterval: 200, sessionTimeout: 6_000, rebalanceTimeout: 10_000, maxWaitTimeInMs: 100 };
    const consumer = client().consumer({ groupId: group.name, ...times });
    const member = new PlainMember(consumer);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        member.received.push(`${topic}-${partition}@${message.offset}`);
      },
    });
    return member;
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.consumer.disconnect();
  }
}
