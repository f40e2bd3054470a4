import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CommitFailedError, MemberFencedError } from '../../../../../lib/engine/client/consumer-client.js';
import { JoinRefusedError } from '../../../../../lib/engine/client/group/join-errors.js';
import { EmbeddedKafka } from '../../../../../lib/testing/embedded/embedded-kafka.js';
import type { KafkaErrorName } from '../../../../../lib/testing/embedded/protocol/errors.js';
import { TestMember } from '../../../../support/test-member.js';

type Stage = 'FindCoordinator' | 'JoinGroup' | 'SyncGroup' | 'Heartbeat' | 'OffsetCommit' | 'OffsetFetch';

/** The coordinator is elsewhere or not ready, or another rebalance has begun: whatever the stage, nothing is lost. */
const passing: KafkaErrorName[] = [
  'UNKNOWN',
  'REQUEST_TIMED_OUT',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
];

const membershipGone: KafkaErrorName[] = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'];

const refusals: [KafkaErrorName, string][] = [
  ['INCONSISTENT_GROUP_PROTOCOL', 'list one of theirs in assignors (kafkajs: roundrobin)'],
  ['INVALID_SESSION_TIMEOUT', 'group.max.session.timeout.ms'],
  ['GROUP_AUTHORIZATION_FAILED', 'this client needs the permission Read on the group'],
  ['GROUP_MAX_SIZE_REACHED', 'group.max.size'],
  ['INVALID_GROUP_ID', 'INVALID_GROUP_ID'],
];

describe('A member of a group', () => {
  let kafka: EmbeddedKafka;
  let members: TestMember[];

  beforeEach(async () => {
    kafka = await EmbeddedKafka.start({ topics: [{ name: 'orders', partitions: 2 }], minSessionTimeoutMs: 500 });
    members = [];
  });

  afterEach(async () => {
    kafka.faults.clear();
    await Promise.all(members.map((member) => member.client.close(1000)));
    await kafka.stop();
  });

  function start(settings: Parameters<typeof TestMember.start>[1] = {}): TestMember {
    const member = TestMember.start(kafka.brokers, settings);
    members.push(member);
    return member;
  }

  function produce(...partitions: number[]): void {
    kafka.produce(
      'orders',
      partitions.map((partition) => ({ partition, value: 'x' })),
    );
  }

  async function consuming(settings: Parameters<typeof TestMember.start>[1] = {}): Promise<TestMember> {
    const member = start(settings);
    await member.owns(2);
    produce(0, 1);
    await member.receives(2);
    return member;
  }

  /** What happened but for assignments. */
  function eventsAfterJoin({ events }: TestMember): string[] {
    return events.filter((event) => !event.startsWith('assigned'));
  }

  const joins: Stage[] = ['FindCoordinator', 'JoinGroup', 'SyncGroup', 'OffsetFetch', 'OffsetCommit'];

  describe.each(joins)('that meets an error of %s in its first join', (stage) => {
    it.each(passing)('gets over %s', async (error) => {
      const fault = kafka.faults.fail(stage, { error });
      const member = await consuming();

      expect(fault.hits).toBe(1);
      expect(member.received.sort()).toEqual(['orders-0@0', 'orders-1@0']);
      expect(eventsAfterJoin(member)).toEqual([]);
    });
  });

  describe.each(['JoinGroup', 'SyncGroup'] satisfies Stage[])('that meets an error of %s in a rebalance', (stage) => {
    it.each([...passing, 'REBALANCE_IN_PROGRESS' as const])('keeps what it owns over %s', async (error) => {
      const member = await consuming();

      const fault = kafka.faults.fail(stage, { error });
      kafka.faults.rebalance('group');
      await kafka.until(() => fault.hits === 1 && kafka.group('group')?.state === 'Stable');
      produce(0, 1);
      await member.receives(4);

      expect(member.received.toSorted()).toEqual(['orders-0@0', 'orders-0@1', 'orders-1@0', 'orders-1@1']);
      expect(eventsAfterJoin(member)).toEqual([]);
    });

    it.each(membershipGone)('loses what it owns to %s, and gets it back', async (error) => {
      const member = await consuming({ sessionTimeoutMs: 1000 });
      await member.commit();

      kafka.faults.fail(stage, { error });
      kafka.faults.rebalance('group');
      await member.until('lost orders-0,orders-1');
      await member.owns(2);
      produce(0, 1);
      await member.receives(4);

      expect(member.received.toSorted()).toEqual(['orders-0@0', 'orders-0@1', 'orders-1@0', 'orders-1@1']);
    });
  });

  it.each(passing)('keeps what it owns when heartbeats are answered by %s', async (error) => {
    const member = await consuming();

    const fault = kafka.faults.fail('Heartbeat', { error, times: 3 });
    await kafka.until(() => fault.hits === 3);
    produce(0, 1);
    await member.receives(4);
    await member.commit();

    expect(eventsAfterJoin(member)).toEqual([]);
  });

  it.each(membershipGone)('loses what it owns when a heartbeat is answered by %s, and gets it back', async (error) => {
    const member = await consuming({ sessionTimeoutMs: 1000 });
    await member.commit();

    kafka.faults.fail('Heartbeat', { error });
    await member.until('lost orders-0,orders-1');
    await member.owns(2);
    produce(0);
    await member.receives(3);

    expect(member.received.toSorted()).toEqual(['orders-0@0', 'orders-0@1', 'orders-1@0']);
    expect(member.logger.at('warn').join()).toContain(error);
  });

  it('rejoins under its member id when only its generation is gone: the group waits for it', async () => {
    const member = await consuming();
    const [before] = kafka.members('group');

    kafka.faults.fail('Heartbeat', { error: 'ILLEGAL_GENERATION' });
    await member.until('lost');
    await member.owns(2);

    expect(kafka.members('group').map(({ memberId }) => memberId)).toEqual([before!.memberId]);
  });

  it('loses what it owns when no heartbeat is answered for a session', async () => {
    const member = await consuming({ sessionTimeoutMs: 1000 });

    kafka.faults.fail('Heartbeat', { error: 'GROUP_COORDINATOR_NOT_AVAILABLE', times: Infinity });
    await member.until('lost orders-0,orders-1');
    kafka.faults.clear();
    await member.owns(2);

    expect(member.logger.at('warn').join()).toContain('the session has expired');
  });

  it('keeps what it owns when one heartbeat is never answered', async () => {
    const member = await consuming({ sessionTimeoutMs: 3000 });

    const silent = kafka.faults.delay('Heartbeat', 60_000, { when: 'before' });
    const next = kafka.faults.delay('Heartbeat', 0, { times: 3 });
    await kafka.until(() => next.hits === 3);
    produce(0, 1);
    await member.receives(4);

    expect(silent.hits).toBe(1);
    expect(eventsAfterJoin(member)).toEqual([]);
    expect(member.logger.at('warn')).toContain(
      'A heartbeat was not answered within 1000 ms, a third of the session; trying again on a new connection',
    );
  });

  it.each(membershipGone)('does not hurry to join again while the group keeps answering by %s', async (error) => {
    await expectPauses('JoinGroup', error);
  });

  it('does not hurry to join again while one rebalance follows on another', async () => {
    await expectPauses('SyncGroup', 'REBALANCE_IN_PROGRESS');
  });

  /** All but the first of these errors cost the delay of a retry. */
  async function expectPauses(stage: Stage, error: KafkaErrorName): Promise<void> {
    const fault = kafka.faults.fail(stage, { error, times: 4 });
    const began = performance.now();
    await consuming();

    expect(fault.hits).toBe(4);
    expect(performance.now() - began).toBeGreaterThan(1400); // three times 500
  }

  it('loses what it owns when its session expires in a join that does not end', async () => {
    const member = await consuming({ sessionTimeoutMs: 1000 });

    kafka.faults.delay('JoinGroup', 60_000);
    kafka.faults.rebalance('group');
    kafka.faults.delay('Heartbeat', 60_000, { times: Infinity });
    await member.until('lost orders-0,orders-1');
    kafka.faults.clear();
    await member.owns(2);

    produce(0);
    await member.receives(3);
  });

  describe.each(['FindCoordinator', 'JoinGroup'] satisfies Stage[])('that %s refuses', (stage) => {
    it.each(refusals)('ends over %s, and says what to change', async (error, advice) => {
      kafka.faults.fail(stage, { error, times: Infinity });
      const member = start();

      const reason = await member.ended;

      expect(reason).toBeInstanceOf(JoinRefusedError);
      expect(reason?.message).toContain(`(${error}, code `);
      expect(reason?.message).toContain(advice);
    });
  });

  it('ends when its permission is taken away, once it has lost what it owned', async () => {
    const member = await consuming();

    kafka.faults.fail('JoinGroup', { error: 'GROUP_AUTHORIZATION_FAILED', times: Infinity });
    kafka.faults.fail('Heartbeat', { error: 'GROUP_AUTHORIZATION_FAILED', times: Infinity });
    const reason = await member.ended;

    expect(member.events.at(-1)).toBe('lost orders-0,orders-1');
    expect(reason).toBeInstanceOf(JoinRefusedError);
  });

  it.each(['JoinGroup', 'SyncGroup', 'Heartbeat'] satisfies Stage[])(
    'ends for good when %s says that another has its place',
    async (stage) => {
      const member = await consuming({ groupInstanceId: 'one' });

      kafka.faults.fail(stage, { error: 'FENCED_INSTANCE_ID' });
      if (stage !== 'Heartbeat') kafka.faults.rebalance('group');
      const reason = await member.ended;

      expect(reason).toBeInstanceOf(MemberFencedError);
      expect(reason?.message).toContain('another process has joined with groupInstanceId "one"');
    },
  );

  describe.each(['JoinGroup', 'SyncGroup', 'Heartbeat', 'OffsetFetch', 'FindCoordinator'] satisfies Stage[])(
    'whose connection is cut',
    (stage) => {
      it(`at ${stage} goes on`, async () => {
        const fault = kafka.faults.disconnect(stage, { times: 2 });
        const member = await consuming();
        await kafka.until(() => fault.hits === 2);

        produce(0, 1);
        await member.receives(4);

        expect(member.received.toSorted()).toEqual(['orders-0@0', 'orders-0@1', 'orders-1@0', 'orders-1@1']);
      });
    },
  );

  describe('that commits', () => {
    it.each([...passing, ...membershipGone, 'REBALANCE_IN_PROGRESS' as const, 'OFFSET_METADATA_TOO_LARGE' as const])(
      'tells that nothing was committed over %s, and can try again',
      async (error) => {
        const member = await consuming();

        kafka.faults.fail('OffsetCommit', { error });
        const failure = await member.commit().catch((thrown: unknown) => thrown);

        expect(failure).toBeInstanceOf(CommitFailedError);
        expect((failure as CommitFailedError).message).toContain(`(${error}, code `);
        expect((failure as CommitFailedError).failed).toHaveLength(2);
        await member.commit();
        expect(kafka.committed('group', 'orders').map(({ offset }) => offset)).toEqual(['1', '1']);
      },
    );

    it('tells which partition was not committed', async () => {
      const member = await consuming();

      kafka.faults.fail('OffsetCommit', { error: 'TOPIC_AUTHORIZATION_FAILED', topic: 'orders', partition: 1 });
      const failure = await member.commit().catch((thrown: unknown) => thrown);

      expect((failure as CommitFailedError).failed).toMatchObject([{ topic: 'orders', partition: 1 }]);
      expect(kafka.committed('group', 'orders').map(({ offset }) => offset)).toEqual(['1', '0']);
    });

    it('learns at once that it is no member any more', async () => {
      const member = await consuming({ heartbeatIntervalMs: 9000 });

      kafka.faults.evict('group', kafka.members('group')[0]!.memberId);
      const failure = await member.commit().catch((thrown: unknown) => thrown);
      await member.until('lost orders-0,orders-1');

      expect(failure).toBeInstanceOf(CommitFailedError);
      await member.owns(2);
    });

    it('does not commit what it does not own: the broker would take it', async () => {
      const member = await consuming({ topics: ['orders'] });

      const offsets = [0, 7].map((partition) => ({ topic: 'orders', partition, offset: 1 }));
      const failure = await member.client.commit(offsets).catch((thrown: unknown) => thrown);

      expect((failure as CommitFailedError).message).toContain('Offset commit of orders-7 refused');
      expect(kafka.committed('group', 'orders').map(({ offset }) => offset)).toEqual(['1', '0']);
    });
  });

  it.each(['OffsetFetch', 'OffsetCommit'] satisfies Stage[])(
    'reads what it may when %s is refused for one of its topics',
    async (stage) => {
      kafka.createTopic('payments');
      kafka.faults.fail(stage, { error: 'TOPIC_AUTHORIZATION_FAILED', topic: 'payments', times: Infinity });
      const member = start({ topics: ['orders', 'payments'] });
      await member.owns(2);
      produce(0, 1);
      await member.receives(2);
      expect(member.partitions).toEqual(['orders-0', 'orders-1']);

      kafka.faults.clear();

      await member.owns(3);
    },
  );

  it.each([...passing, 'ILLEGAL_GENERATION' as const])('closes although leaving is answered by %s', async (error) => {
    const member = await consuming();

    kafka.faults.fail('LeaveGroup', { error });
    await member.stop();

    expect(await member.ended).toBeUndefined();
    expect(member.logger.at('warn').join()).toContain('Leaving group "group" failed, its session will expire');
  });
});
