import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import type { GroupSettings } from '../../../../../lib/engine/client/client-settings.js';
import { MemberFencedError } from '../../../../../lib/engine/client/consumer-client.js';
import { EmbeddedKafka } from '../../../../../lib/testing/embedded/embedded-kafka.js';
import { deferred } from '../../../../support/deferred.js';
import { eventually } from '../../../../support/eventually.js';
import { TestMember } from '../../../../support/test-member.js';

const partitions = 6;
let kafka: EmbeddedKafka;
let members: TestMember[];

beforeEach(async () => {
  kafka = await EmbeddedKafka.start({
    topics: [{ name: 'orders', partitions }, { name: 'payments' }],
    minSessionTimeoutMs: 500,
  });
  members = [];
});

afterEach(async () => {
  kafka.faults.clear();
  await Promise.all(members.map((member) => member.client.close(1000)));
  await kafka.stop();
});

function start(settings: Partial<GroupSettings> = {}): TestMember {
  const member = TestMember.start(kafka.brokers, settings);
  members.push(member);
  return member;
}

/** Waits until the members own so many partitions each, together all of them. */
async function shared(...counts: number[]): Promise<void> {
  const live = members.slice(-counts.length);
  await eventually(() => live.every((member, index) => member.owned.size === counts[index]), {
    intervalMs: 5,
    message: () => `${counts.join()} partitions each: ${JSON.stringify(live.map(({ events }) => events))}`,
  });
}

function produce(): void {
  kafka.produce(
    'orders',
    Array.from({ length: partitions }, (_, partition) => ({ partition, value: 'x' })),
  );
}

/** A member of another client, whose subscription ends in its midst. */
async function startUnreadable(assignor: string) {
  const { Kafka, logLevel } = kafkajs;
  const consumer = new Kafka({ clientId: 'stranger', brokers: kafka.brokers, logLevel: logLevel.NOTHING }).consumer({
    groupId: 'group',
    partitionAssigners: [
      () => ({
        name: assignor,
        version: 0,
        assign: () => Promise.resolve([]),
        protocol: () => ({ name: assignor, metadata: Buffer.from([0, 1, 0, 0]) }),
      }),
    ],
  });
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders' });
  await consumer.run({ eachMessage: () => Promise.resolve() });
  return consumer;
}

function eventsOf(member: TestMember, kind: string): string[] {
  return member.events.filter((event) => event.startsWith(kind));
}

describe('Cooperative members', () => {
  it('give up what a new one gets, and keep the rest', async () => {
    const [first] = [start()];
    await shared(6);

    const second = start();
    await shared(3, 3);

    expect(eventsOf(first, 'revoked')).toHaveLength(1);
    expect(eventsOf(first, 'assigned')).toHaveLength(1);
    expect(eventsOf(first, 'lost')).toEqual([]);
    expect(new Set([...first.partitions, ...second.partitions]).size).toBe(partitions);
  });

  it('go on reading what stays while a handler holds up what goes', async () => {
    const first = start();
    await shared(6);
    const drained = deferred();
    first.draining = () => drained.promise;

    const second = start();
    await first.until('revoked');
    produce();
    await first.receives(3);

    expect(second.partitions).toEqual([]);
    drained.resolve();
    await shared(3, 3);
    await second.receives(3);
    expect(second.received).toHaveLength(3);
  });

  it('commit during a rebalance that waits for another', async () => {
    const first = start();
    await shared(6);
    const second = start({ heartbeatIntervalMs: 9000 });
    await shared(3, 3);
    produce();
    await first.receives(3);
    await kafka.until(() => kafka.group('group')?.state === 'Stable');

    kafka.faults.rebalance('group'); // the second member will not know for seconds
    await kafka.until(() => kafka.group('group')?.state === 'PreparingRebalance');
    await first.commit();

    expect(kafka.committed('group', 'orders').filter(({ offset }) => offset === '1')).toHaveLength(3);
    expect(second.events.filter((event) => event.startsWith('lost'))).toEqual([]);
  });

  it('take over what one that leaves has had, from where it was', async () => {
    const first = start();
    await shared(6);
    const second = start();
    await shared(3, 3);
    produce();
    await first.receives(3);
    await second.receives(3);

    await second.stop();
    await first.owns(6);
    produce();
    await first.receives(9);

    expect(new Set(first.received).size).toBe(9);
    expect(eventsOf(first, 'revoked')).toHaveLength(1);
  });

  it('each get the topics they subscribe to, and no others', async () => {
    const orders = start();
    const payments = start({ topics: ['payments'] });
    await shared(6, 1);

    expect(payments.partitions).toEqual(['payments-0']);
    expect(orders.partitions.every((name) => name.startsWith('orders-'))).toBe(true);
  });
});

describe.each(['roundrobin', 'sticky'] as const)('Eager members by %s', (assignor) => {
  it('give everything up, committed, before a new one gets its share', async () => {
    const first = start({ assignors: [assignor] });
    await shared(6);
    produce();
    await first.receives(6);

    const second = start({ assignors: [assignor] });
    await shared(3, 3);
    produce();
    await first.receives(9);
    await second.receives(3);

    expect(eventsOf(first, 'revoked')[0]).toBe(`revoked ${Array.from({ length: 6 }, (_, n) => `orders-${n}`).join()}`);
    expect(new Set([...first.received, ...second.received]).size).toBe(12);
  });
});

it('A group moves from roundrobin to cooperative-sticky in two rolling restarts', async () => {
  const [old1, old2] = [start({ assignors: ['roundrobin'] }), start({ assignors: ['roundrobin'] })];
  await shared(3, 3);
  const both: Partial<GroupSettings> = { assignors: ['cooperative-sticky', 'roundrobin'] };

  await old1.stop();
  const mid1 = start(both);
  await eventually(() => mid1.owned.size === 3 && old2.owned.size === 3);
  await old2.stop();
  const mid2 = start(both);
  await shared(3, 3);
  await mid1.stop();
  const new1 = start();
  await eventually(() => mid2.owned.size === 3 && new1.owned.size === 3);
  await mid2.stop();
  start();
  await shared(3, 3);
  produce();
  await eventually(() => members.slice(-2).every(({ received }) => received.length === 3), { intervalMs: 5 });

  expect(members.flatMap(({ received }) => received).toSorted()).toEqual(
    Array.from({ length: 6 }, (_, n) => `orders-${n}@0`),
  );
});

describe('A leader', () => {
  it.each(['roundrobin', 'sticky'] as const)(
    'by %s gives nothing to a member whose subscription it cannot read, and all to the others',
    async (assignor) => {
      const leader = start({ assignors: [assignor] });
      await shared(6);

      const stranger = await startUnreadable(assignor);
      await kafka.until(() => kafka.members('group').length === 2 && kafka.group('group')?.state === 'Stable');
      await leader.owns(6);
      produce();
      await leader.receives(6);
      await stranger.disconnect();

      const warnings = leader.logger.at('warn').filter((line) => line.includes('cannot be read'));
      expect(warnings).toEqual([
        expect.stringMatching(/^Subscription of member "stranger-\S+" of group "group" cannot/),
      ]);
    },
  );
});

describe('A static member', () => {
  it('gets its partitions back without a rebalance, and the others notice nothing', async () => {
    const first = start({ groupInstanceId: 'a', leaveOnStop: false });
    const second = start({ groupInstanceId: 'b', leaveOnStop: false });
    await shared(3, 3);
    await kafka.until(() => kafka.group('group')?.state === 'Stable');
    const owned = second.partitions;
    const events = first.events.length;
    const generation = kafka.group('group')!.generation;

    await second.stop();
    const again = start({ groupInstanceId: 'b', leaveOnStop: false });
    await again.owns(3);

    expect(again.partitions).toEqual(owned);
    expect(kafka.group('group')!.generation).toBe(generation);
    expect(first.events).toHaveLength(events);
  });

  it('finds new partitions although the leader came back and does not know that it leads', async () => {
    const first = start({ groupInstanceId: 'a', leaveOnStop: false, topics: ['orders', 'missing'] });
    await shared(6); // a topic that is missing makes it look every 2 s
    await first.stop();
    const again = start({ groupInstanceId: 'a', leaveOnStop: false, topics: ['orders', 'missing'] });
    await again.owns(6);

    kafka.addPartitions('orders', 8);

    await again.owns(8);
  });

  it('leaves when it is told to', async () => {
    const first = start();
    const second = start({ groupInstanceId: 'b', leaveOnStop: true });
    await shared(3, 3);

    await second.stop();

    await first.owns(6);
  });

  it('stays away once another process has its name', async () => {
    const first = start({ groupInstanceId: 'a' });
    await shared(6);

    const second = start({ groupInstanceId: 'a' });
    const reason = await first.ended;
    await second.owns(6);

    expect(reason).toBeInstanceOf(MemberFencedError);
    expect(first.owned.size).toBe(0);
    expect(eventsOf(second, 'lost')).toEqual([]);
  });
});

describe('A member', () => {
  it('that does not leave loses its partitions with its session', async () => {
    const first = start();
    const second = start({ leaveOnStop: false, sessionTimeoutMs: 1000 });
    await shared(3, 3);

    await second.stop();

    expect(first.owned.size).toBe(3);
    await first.owns(6);
  });

  it('drops a topic that is gone, and reads it from its beginning when it is there again', async () => {
    const member = start({ topics: ['orders', 'payments'] });
    await member.owns(7);
    kafka.produce('payments', [{ value: 'old' }]);
    await member.receives(1);

    kafka.deleteTopic('payments');
    await member.until('lost payments-0');
    kafka.createTopic('payments');
    kafka.produce('payments', [{ value: 'new' }]);
    await member.receives(2);

    expect(member.received).toEqual(['payments-0@0', 'payments-0@0']);
    expect(eventsOf(member, 'revoked')).toEqual([]);
    expect(eventsOf(member, 'lost')).toEqual(['lost payments-0']);
  });

  it('does not commit a first position for a partition that has gone to another meanwhile', async () => {
    const late = kafka.faults.delay('OffsetFetch', 1500, { times: 1 });
    const first = start({ startFromBeginning: false });
    await kafka.until(() => late.hits === 1);
    const second = start({ startFromBeginning: false });
    await second.owns(3);
    produce();
    await second.receives(3);
    await second.commit();
    const [moved] = [...second.owned.values()];

    await first.owns(3);

    const { offset } = kafka.committed('group', 'orders').find(({ partition }) => partition === moved!.partition)!;
    expect(Number(offset)).toBe(moved!.offset);
  });

  it('reads what is added while a long poll is under way for the rest', async () => {
    const member = start({ topics: ['orders', 'late'] });
    await member.owns(6);
    await kafka.until(() => member.logger.at('warn').some((line) => line.includes('"late" does not exist')));

    kafka.createTopic('late');
    const began = Date.now();
    await member.until('assigned late-0');

    expect(Date.now() - began).toBeLessThan(4000); // it looks every two seconds; a poll lasts five
  });

  it('leaves when all of its topics are gone, and joins again when one is there', async () => {
    const member = start({ topics: ['payments'] });
    await member.owns(1);

    kafka.deleteTopic('payments');
    await kafka.until(() => kafka.members('group').length === 0);
    kafka.createTopic('payments');

    await member.owns(1);
  });

  it('leaves when its only topic is gone before a leader to read it from was found', async () => {
    const member = start({ topics: ['payments'] });
    member.whenAssigned = () => kafka.deleteTopic('payments');

    await member.until('lost payments-0');
    await kafka.until(() => kafka.members('group').length === 0);

    expect(member.owned.size).toBe(0);
  });

  it('tells a topic that is not there from a broker that does not know it yet', async () => {
    const member = start();
    await member.owns(6);
    produce();
    await member.receives(6);

    kafka.faults.fail('Fetch', { error: 'UNKNOWN_TOPIC_OR_PARTITION', times: 3 });
    produce();
    await member.receives(12);

    expect(new Set(member.received).size).toBe(12);
    expect(eventsOf(member, 'lost')).toEqual([]);
  });

  it('closes in time while a join is not answered', async () => {
    kafka.faults.delay('JoinGroup', 60_000, { times: Infinity });
    const member = start();
    await kafka.until(() => kafka.members('group').length === 1 || kafka.group('group') !== undefined);

    const began = Date.now();
    await member.client.close(500);

    expect(Date.now() - began).toBeLessThan(2000);
    expect(await member.ended).toBeUndefined();
    kafka.faults.clear();
    produce();
    await kafka.until(() => kafka.members('group').length === 0);
    expect(member.received).toEqual([]);
  });

  it('leaves within 100 ms in the middle of a long poll', async () => {
    const member = start();
    await member.owns(6);
    produce();
    await member.receives(6);

    const began = Date.now();
    await member.stop();

    expect(kafka.members('group')).toEqual([]);
    expect(Date.now() - began).toBeLessThan(1000);
  });
});
