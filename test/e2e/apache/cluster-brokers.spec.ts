import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { contentsOf, Load, TestCluster, TestGroup } from '../../support/apache-cluster.js';

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

describe('Under load, members keep what they own and lose no record', () => {
  it.each(['stop', 'kill'] as const)(
    'when brokers restart one after the other (%s)',
    async (end) => {
      const members = [group.start(), group.start(), group.start()];
      await group.shares(4, 4, 4);
      const told = members.map(({ events }) => events.length);

      for (const node of cluster.nodes) {
        await cluster.bounce(node, end);
        await load.goesOn();
      }
      await load.stop();
      await group.receives([...load.acknowledged, ...(await contentsOf(topic, cluster.brokers))]);
      for (const member of members) await member.commit();

      const events = members.flatMap((member, index) => member.events.slice(told[index]));
      expect(events).toEqual([]);
      expect(group.duplicates).toEqual([]);
    },
    150_000,
  );
});
