import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { GroupSettings } from '../../../../../lib/engine/client/client-settings.js';
import { Cluster } from '../../../../../lib/engine/client/connection/cluster.js';
import { EmbeddedKafka } from '../../../../../lib/testing/embedded/embedded-kafka.js';
import { eventually } from '../../../../support/eventually.js';
import { RecordingLogger } from '../../../../support/recording-logger.js';
import { TestMember } from '../../../../support/test-member.js';

let kafka: EmbeddedKafka;
let members: TestMember[];

beforeEach(async () => {
  members = [];
  kafka = await EmbeddedKafka.start({
    brokers: 3,
    autoCreateTopics: false,
    topics: [{ name: 'orders', partitions: 2 }, 'payments'],
    minSessionTimeoutMs: 300,
  });
});

afterEach(async () => {
  kafka.faults.clear();
  await Promise.all(members.map(({ client }) => client.close(500)));
  await kafka.stop();
});

function start(settings: Partial<GroupSettings> = {}): TestMember {
  const member = TestMember.start(kafka.brokers, settings);
  members.push(member);
  return member;
}

describe('A broker that is behind for a moment', () => {
  it.each(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'] as const)(
    'and tells the leader of a group %s leaves no topic without a reader',
    async (error) => {
      const joins = kafka.faults.delay('JoinGroup', 200, { times: 2, when: 'before' });
      const member = start({ topics: ['orders', 'payments'] });
      await eventually(() => joins.hits === 2, { intervalMs: 1 });
      const fault = kafka.faults.fail('Metadata', { error, topic: 'orders' });

      await member.owns(3);

      expect(fault.hits).toBe(1);
    },
  );

  it('about the only topic makes nobody handle anything twice', async () => {
    kafka.produce('orders', [{ partition: 0, value: 'x' }]);
    const member = start();
    await member.receives(1);
    kafka.faults.fail('Metadata', { error: 'UNKNOWN_TOPIC_OR_PARTITION', topic: 'orders' });

    kafka.faults.rebalance('group');
    await member.until('revoked');
    kafka.produce('orders', [{ partition: 0, value: 'y' }]);
    await member.receives(2);

    expect(member.received).toEqual(['orders-0@0', 'orders-0@1']);
  });
});

it('A broker that hangs is asked once before the next one is', async () => {
  const settings = { brokers: kafka.brokers, clientId: 'test', ssl: false, sasl: undefined } as const;
  const cluster = new Cluster(
    { ...settings, connectionTimeoutMs: 1000, requestTimeoutMs: 1500 },
    new RecordingLogger(),
  );
  await cluster.metadata(['orders']);
  const hang = kafka.faults.delay('FindCoordinator', 60_000, { broker: 1, times: Infinity, when: 'before' });

  await cluster.findCoordinator('group');
  await cluster.close();

  expect(hang.hits).toBe(1);
});
