import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { contentsOf, Load, TestCluster, TestGroup } from '../../support/apache-cluster.js';
import { deferred } from '../../support/deferred.js';
import type { TestMember } from '../../support/test-member.js';

let cluster: TestCluster;
let topic: string;
let load: Load;
let group: TestGroup;

beforeAll(async () => {
  cluster = await TestCluster.start();
});

afterAll(() => cluster.stop());

beforeEach(async () => {
  topic = await cluster.createTopic();
  load = new Load(cluster.brokers, topic);
  group = new TestGroup(cluster.brokers, topic);
});

afterEach(async () => {
  await load.stop();
  await group.close();
});

/** Ends the load and waits until all of it has arrived. */
async function untilAllArrived(): Promise<void> {
  await load.stop();
  await group.receives([...load.acknowledged, ...(await contentsOf(topic, cluster.brokers))]);
}

describe('Under load', () => {
  it('static members restart one after the other without a rebalance', async () => {
    const names = ['a', 'b', 'c'];
    const start = (groupInstanceId: string): TestMember => group.start({ groupInstanceId, leaveOnStop: false });
    const before = names.map(start);
    await group.shares(4, 4, 4);
    const generation = generationOf(before[0]!);
    const told = before.map(({ events }) => events.length);
    await load.goesOn();

    const after: TestMember[] = [];
    for (const [index, name] of names.entries()) {
      const { partitions } = before[index]!;
      await group.stop(before[index]!);
      await load.goesOn();
      const again = start(name);
      await again.owns(4);
      expect(again.partitions).toEqual(partitions);
      after.push(again);
      await load.goesOn();
    }
    await untilAllArrived();

    expect([...before, ...after].map(generationOf)).toEqual(Array.from({ length: 6 }, () => generation));
    expect(before.map(({ events }) => events.length)).toEqual(told);
    expect(after.map(({ events }) => events.length)).toEqual([1, 1, 1]);
    expect(group.duplicates).toEqual([]);
  });

  it('cooperative members restart one after the other, and nothing comes twice', async () => {
    const before = [group.start(), group.start(), group.start()];
    await group.shares(4, 4, 4);
    await load.goesOn();

    for (const member of before) {
      await group.stop(member);
      await group.shares(6, 6);
      await load.goesOn();
      group.start();
      await group.shares(4, 4, 4);
      await load.goesOn();
    }
    await untilAllArrived();

    expect(group.events('lost')).toEqual([]);
    expect(group.duplicates).toEqual([]);
  });

  it('what stays of a cooperative member is read on, while others drain and while the group waits for them', async () => {
    const [draining, waiting] = [group.start(), group.start()];
    await group.shares(6, 6);
    await load.goesOn();
    const drained = deferred();
    draining.draining = () => drained.promise;

    const joining = group.start();
    await draining.until('revoked');
    await waiting.until('revoked');
    await waiting.owns(4);
    const moving = [...revokedFrom(draining), ...revokedFrom(waiting)];
    const staying = [...draining.partitions, ...waiting.partitions].filter((name) => !moving.includes(name));
    const cut = receivedOf(moving);
    await load.goesOn();
    await group.receives(load.acknowledgedOf(staying)); // the group is not complete before the drain is over

    expect(moving).toHaveLength(4);
    expect(joining.events).toEqual(['assigned ']);
    expect(receivedOf(moving)).toEqual(cut);
    drained.resolve();
    await group.shares(4, 4, 4);
    await untilAllArrived();

    const starts = moving.map((name) => `${name}@${cut.filter((place) => partitionOf(place) === name).length}`);
    expect(joining.events).toEqual(['assigned ', `assigned ${starts.toSorted().join()}`]);
    expect(group.events('revoked')).toHaveLength(2);
    expect(group.events('lost')).toEqual([]);
    expect(group.duplicates).toEqual([]);
  });
});

/** What the members have been handed of these partitions. */
function receivedOf(partitions: readonly string[]): string[] {
  return group.received.filter((place) => partitions.includes(partitionOf(place)));
}

function partitionOf(place: string): string {
  return place.slice(0, place.indexOf('@'));
}

/** What it was told to give up. */
function revokedFrom({ events }: TestMember): string[] {
  const prefix = 'revoked ';
  return events.filter((event) => event.startsWith(prefix)).flatMap((event) => event.slice(prefix.length).split(','));
}

/** The generation it is a member of, which rises with every rebalance. */
function generationOf(member: TestMember): number | undefined {
  return member.client['membership'].identity?.groupGenerationId;
}
