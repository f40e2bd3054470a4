import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CommitFailedError } from '../../../lib/engine/client/consumer-client.js';
import { contentsOf, Load, progressOf, TestCluster, TestGroup } from '../../support/apache-cluster.js';
import { eventually } from '../../support/eventually.js';
import type { TestMember } from '../../support/test-member.js';

let cluster: TestCluster;
let topic: string;
let load: Load;
let group: TestGroup;
let commits: Commits;

/** What the members were told when all had their share and before anything went wrong. */
let assigned: string[];

beforeAll(async () => {
  cluster = await TestCluster.start();
});

afterAll(() => cluster.stop());

beforeEach(async () => {
  topic = await cluster.createTopic();
  load = new Load(cluster.brokers, topic);
  group = new TestGroup(cluster.brokers, topic);
  commits = new Commits(group);
  for (let count = 0; count < 3; count++) group.start();
  await group.shares(4, 4, 4);
  assigned = group.events('');
  await load.goesOn();
});

afterEach(async () => {
  await commits.stop();
  await load.stop();
  await group.close();
});

/** Commits what members were handed over and over, as an application does; some of it finds no coordinator. */
class Commits {
  readonly unexpected: unknown[] = [];
  private readonly running: Promise<void>;
  private readonly counts = new Map<TestMember, number>();
  private stopped = false;

  constructor(private readonly group: TestGroup) {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** Waits until every member has committed once more. */
  async goOn(): Promise<void> {
    const counts = new Map(this.counts);
    await eventually(() => this.group.live.every((member) => this.countOf(member) > (counts.get(member) ?? 0)), {
      intervalMs: 5,
      message: 'another commit of each member',
    });
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      await Promise.all(this.group.live.map((member) => this.commit(member)));
      await delay(20);
    }
  }

  private async commit(member: TestMember): Promise<void> {
    try {
      await member.commit();
      this.counts.set(member, this.countOf(member) + 1);
    } catch (error) {
      if (!(error instanceof CommitFailedError)) this.unexpected.push(error);
    }
  }

  private countOf(member: TestMember): number {
    return this.counts.get(member) ?? 0;
  }
}

/** All that was written has come, nothing of it twice, and is committed at the first attempt. */
async function expectAllHandled(): Promise<void> {
  await load.stop();
  await group.receives([...load.acknowledged, ...(await contentsOf(topic, cluster.brokers))]);
  expect(group.duplicates).toEqual([]);
  await commits.stop();
  expect(commits.unexpected).toEqual([]);
  for (const member of group.members) await member.commit();
  const { records, committed } = await progressOf(group.name, topic, cluster.brokers);
  expect(committed).toEqual(records);
}

describe('Under load, members keep what they own, lose no record, and commit', () => {
  it.each(['stop', 'kill'] as const)(
    'when brokers restart one after the other (%s)',
    async (end) => {
      for (const node of cluster.nodes) {
        await cluster.bounce(node, end);
        await load.goesOn();
      }

      await expectAllHandled();
      expect(group.events('')).toEqual(assigned);
    },
    150_000,
  );

  it.each(['stop', 'kill'] as const)('when the coordinator of the group goes and stays away (%s)', async (end) => {
    const coordinator = await cluster.coordinator();

    await coordinator[end]();
    try {
      await load.goesOn();
      await group.receives(load.acknowledged);
      await commits.goOn();
      expect((await cluster.coordinator()).id).not.toBe(coordinator.id);
      expect(group.events('')).toEqual(assigned);

      group.start(); // the new coordinator knows the members
      await group.shares(3, 3, 3, 3);
      await load.goesOn();
      await expectAllHandled();
      expect(group.events('revoked')).toHaveLength(3);
      expect(group.events('lost')).toEqual([]);
    } finally {
      await coordinator.start();
      await cluster.untilInSync();
    }
  });
});
