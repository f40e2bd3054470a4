import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { GroupSettings } from '../../../../../lib/engine/client/client-settings.js';
import { EmbeddedKafka } from '../../../../../lib/testing/embedded/embedded-kafka.js';
import { deferred } from '../../../../support/deferred.js';
import { eventually } from '../../../../support/eventually.js';
import { TestMember } from '../../../../support/test-member.js';

const place = { topic: 'orders', partition: 0 };
let kafka: EmbeddedKafka;
let members: TestMember[];

beforeEach(() => {
  members = [];
});

afterEach(async () => {
  kafka.faults.clear();
  await Promise.all(members.map(({ client }) => client.close(500)));
  await kafka.stop();
});

async function startKafka(partitions: number): Promise<void> {
  kafka = await EmbeddedKafka.start({
    autoCreateTopics: false,
    topics: [{ name: 'orders', partitions }, 'payments'],
    minSessionTimeoutMs: 300,
  });
}

function start(settings: Partial<GroupSettings> = {}): TestMember {
  const member = TestMember.start(kafka.brokers, settings);
  members.push(member);
  return member;
}

const value = 'a record';

describe('A partition', () => {
  it('whose position is found while it is being given up is neither assigned nor read any more', async () => {
    await startKafka(6);
    const [stays, leaves] = [start(), start()];
    await stays.owns(3);
    await leaves.owns(3);
    const loading = kafka.faults.fail('OffsetFetch', { error: 'GROUP_LOAD_IN_PROGRESS', times: Infinity });
    await leaves.stop();
    await eventually(() => loading.hits > 0, { intervalMs: 1 });
    const [draining, drained] = [deferred(), deferred()];
    stays.draining = () => {
      draining.resolve();
      return drained.promise;
    };
    const newcomers = [start(), start()];
    await draining.promise;
    const before = stays.events.length;
    const fetches = loading.hits;

    loading.cancel();
    const look = kafka.faults.delay('OffsetFetch', 0, { times: Infinity });
    await eventually(() => look.hits + loading.hits > fetches, { intervalMs: 1 });
    drained.resolve();
    await eventually(() => newcomers.every(({ owned }) => owned.size === 2), { intervalMs: 5 });
    await stays.owns(2);
    kafka.produce(
      'orders',
      Array.from({ length: 6 }, (_, partition) => ({ partition, value })),
    );
    await eventually(() => [stays, ...newcomers].flatMap(({ received }) => received).length >= 6);

    const received = [stays, ...newcomers].flatMap((member) => member.received);
    expect(received.toSorted()).toEqual(Array.from({ length: 6 }, (_, partition) => `orders-${partition}@0`));
    const given = stays.events.slice(before).filter((event) => event.startsWith('assigned'));
    expect(given.join()).not.toContain(stays.events.find((event) => event.startsWith('revoked'))!.split(' ')[1]);
  });

  it('can be paused, moved and asked for its position as soon as it is assigned', async () => {
    await startKafka(2);
    kafka.produce('orders', [
      ...Array.from({ length: 3 }, () => ({ partition: 0, value })),
      ...Array.from({ length: 3 }, () => ({ partition: 1, value })),
    ]);
    const member = start();
    let position: number | undefined;
    member.whenAssigned = () => {
      position = member.client.position(place);
      member.client.pause(place);
      member.client.seek({ topic: 'orders', partition: 1, offset: 2 });
    };

    await member.receives(1);
    kafka.produce('orders', [{ partition: 1, value }]);
    await member.receives(2);

    expect(position).toBe(0);
    expect(member.received).toEqual(['orders-1@2', 'orders-1@3']);
  });

  it('that a new group has never read a record of goes on where the group has started, at its next start', async () => {
    await startKafka(1);
    kafka.produce('orders', [{ partition: 0, value }]);
    const first = start({ startFromBeginning: false });
    await first.owns(1);
    await first.client.close(500);
    kafka.produce('orders', [{ partition: 0, value }]);

    const next = start({ startFromBeginning: false });
    await next.receives(1);

    expect(next.received).toEqual(['orders-0@1']);
  });

  it('of a topic made anew stays with its reader, who knows that all of its records are new to the group', async () => {
    await startKafka(1);
    const settings = { startFromBeginning: false };
    const reader = start(settings);
    await reader.owns(1);
    const idle = start(settings);
    await idle.until('assigned');
    kafka.produce('orders', [{ partition: 0, value }]);
    await reader.receives(1);
    await reader.commit();

    kafka.deleteTopic('orders');
    kafka.createTopic({ name: 'orders', partitions: 1 });
    kafka.produce('orders', [
      { partition: 0, value },
      { partition: 0, value },
    ]);

    await reader.receives(3);
    expect(reader.received).toEqual(['orders-0@0', 'orders-0@0', 'orders-0@1']);
  });
});

describe('A topic that may be described but not read', () => {
  it('keeps no other from being read on, and is told of once', async () => {
    await startKafka(1);
    kafka.produce('orders', [{ partition: 0, value }]);
    const before = start();
    await before.receives(1);
    await before.stop();
    kafka.produce('orders', [{ partition: 0, value }]);
    const refusal = { error: 'TOPIC_AUTHORIZATION_FAILED', topic: 'payments', times: Infinity } as const;
    const refused = kafka.faults.fail('OffsetCommit', refusal);

    const member = start({ topics: ['orders', 'payments'] });
    await member.receives(1);
    await eventually(() => refused.hits >= 2);

    expect(member.received).toEqual(['orders-0@1']);
    expect(member.logger.at('warn').filter((line) => line.includes('TOPIC_AUTHORIZATION_FAILED'))).toHaveLength(1);
  });
});

describe('A static member', () => {
  it('that closes during its first join leaves by its name, so that nobody waits for its session', async () => {
    await startKafka(2);
    const first = start({ sessionTimeoutMs: 30_000 });
    await first.owns(2);
    const held = kafka.faults.delay('Heartbeat', 500);
    const second = start({ sessionTimeoutMs: 30_000, groupInstanceId: 'pod-1' });
    await eventually(() => kafka.members('group').length === 2, { intervalMs: 1 });

    await second.client.close(1000);
    held.cancel();

    await eventually(() => kafka.members('group').length === 1);
  });
});
