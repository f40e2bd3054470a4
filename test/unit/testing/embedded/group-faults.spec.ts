import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { EmbeddedKafka, EmbeddedKafkaError, type KafkaErrorName } from '../../../../lib/testing/index.js';
import { type RequestOf } from '../../../../lib/testing/embedded/protocol/apis.js';
import { errorCodes } from '../../../../lib/testing/embedded/protocol/errors.js';
import { GroupMember, subscriptionTo } from '../../../conformance/support/group-member.js';
import { WireClient } from '../../../conformance/support/wire-client.js';
import { errorIn } from '../../../conformance/support/wire-cluster.js';

let kafka: EmbeddedKafka;
let client: WireClient;
const [groupId, topic] = ['group', 'topic'];

beforeEach(async () => {
  kafka = await EmbeddedKafka.start({ topics: [{ name: topic, partitions: 2 }] });
  client = await WireClient.connect(kafka.brokers[0] as string);
});

afterEach(async () => {
  client.close();
  await kafka.stop();
});

type GroupApi =
  | 'FindCoordinator'
  | 'JoinGroup'
  | 'SyncGroup'
  | 'Heartbeat'
  | 'LeaveGroup'
  | 'OffsetCommit'
  | 'OffsetFetch'
  | 'DescribeGroups'
  | 'DeleteGroups';

const generation = { groupId, generationId: 1, memberId: 'member' };
const groupInstanceId = null;

const requests: { [A in GroupApi]: RequestOf<A> } = {
  FindCoordinator: { key: groupId, keyType: 0 },
  JoinGroup: {
    groupId,
    memberId: 'member',
    groupInstanceId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscriptionTo(topic) }],
  },
  SyncGroup: { ...generation, groupInstanceId, assignments: [] },
  Heartbeat: { ...generation, groupInstanceId },
  LeaveGroup: { groupId, members: [{ memberId: 'member', groupInstanceId }] },
  OffsetCommit: { ...generation, topics: [{ topic, partitions: [{ partition: 0, offset: 1, metadata: null }] }] },
  OffsetFetch: { groupId, topics: [{ topic, partitions: [0] }], requireStable: false },
  DescribeGroups: { groups: [groupId] },
  DeleteGroups: { groups: [groupId] },
};
const apis = Object.keys(requests) as GroupApi[];

const errors: KafkaErrorName[] = [
  'UNKNOWN',
  'REQUEST_TIMED_OUT',
  'OFFSET_METADATA_TOO_LARGE',
  'NETWORK_EXCEPTION',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'ILLEGAL_GENERATION',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_GROUP_ID',
  'UNKNOWN_MEMBER_ID',
  'INVALID_SESSION_TIMEOUT',
  'REBALANCE_IN_PROGRESS',
  'INVALID_COMMIT_OFFSET_SIZE',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'NON_EMPTY_GROUP',
  'GROUP_ID_NOT_FOUND',
  'MEMBER_ID_REQUIRED',
  'GROUP_MAX_SIZE_REACHED',
  'FENCED_INSTANCE_ID',
  'UNSTABLE_OFFSET_COMMIT',
];

async function send(api: GroupApi): Promise<string> {
  return errorIn(await client.request(api, requests[api]));
}

describe.each(apis)('a fault of %s', (api) => {
  test.each(errors)('answers with %s', async (error) => {
    const usual = await send(api);
    kafka.faults.fail(api, { error });
    expect(await send(api)).toBe(error);
    kafka.faults.fail(api, { error, group: groupId, when: 'after' });
    expect(await send(api)).toBe(error);
    expect([usual, 'GROUP_ID_NOT_FOUND']).toContain(await send(api));
  });

  test('concerns the group that is meant', async () => {
    const fault = kafka.faults.fail(api, { error: 'UNKNOWN', group: 'another' });
    await send(api);
    expect(fault.hits).toBe(0);
  });

  test('delays, and cuts the connection', async () => {
    kafka.faults.delay(api, 60, { group: groupId });
    const begin = performance.now();
    await send(api);
    expect(performance.now() - begin).toBeGreaterThan(55);
    kafka.faults.disconnect(api, { group: groupId });
    await expect(send(api)).rejects.toThrow('connection closed');
  });
});

describe('a request that fails', () => {
  test.each<[KafkaErrorName, string, unknown]>([
    ['REBALANCE_IN_PROGRESS', 'member', 'member'],
    ['INCONSISTENT_GROUP_PROTOCOL', '', ''],
    ['MEMBER_ID_REQUIRED', '', expect.stringMatching(/^conformance-/)],
  ])('to join with %s is told of no generation, and its member id', async (error, memberId, expected) => {
    kafka.faults.fail('JoinGroup', { error });
    expect(await client.request('JoinGroup', { ...requests.JoinGroup, memberId })).toEqual({
      throttleTimeMs: 0,
      errorCode: errorCodes[error],
      generationId: -1,
      protocolName: '',
      leader: '',
      memberId: expected,
      members: [],
    });
  });

  test.each<[KafkaErrorName, number, number[]]>([
    ['NOT_COORDINATOR_FOR_GROUP', 16, []],
    ['UNKNOWN_MEMBER_ID', 0, [25]],
    ['FENCED_INSTANCE_ID', 0, [82]],
  ])('a leave is told %s where Kafka tells it', async (error, errorCode, codes) => {
    kafka.faults.fail('LeaveGroup', { error });
    const answer = await client.request('LeaveGroup', requests.LeaveGroup);
    expect([answer.errorCode, answer.members.map((member) => member.errorCode)]).toEqual([errorCode, codes]);
  });

  test.each<[KafkaErrorName, number, number[]]>([
    ['NOT_COORDINATOR_FOR_GROUP', 16, []],
    ['UNSTABLE_OFFSET_COMMIT', 0, [88]],
    ['TOPIC_AUTHORIZATION_FAILED', 0, [29]],
  ])('a fetch of offsets is told %s where Kafka tells it', async (error, errorCode, codes) => {
    kafka.faults.fail('OffsetFetch', { error });
    const answer = await client.request('OffsetFetch', requests.OffsetFetch);
    const told = answer.topics.flatMap(({ partitions }) => partitions.map((one) => one.errorCode));
    expect([answer.errorCode, told]).toEqual([errorCode, codes]);
  });

  test('for one partition is told of that one', async () => {
    kafka.faults.fail('OffsetFetch', { error: 'UNKNOWN', partition: 1, times: 2 });
    for (const partitions of [[0, 1], [1]]) {
      const answer = await client.request('OffsetFetch', {
        groupId,
        topics: [{ topic, partitions }],
        requireStable: false,
      });
      const told = answer.topics.flatMap((one) =>
        one.partitions.map(({ partition, errorCode }) => [partition, errorCode]),
      );
      expect(answer.errorCode).toBe(0);
      expect(told.sort()).toEqual(partitions.map((partition) => [partition, partition === 1 ? -1 : 0]));
    }
  });
});

describe('a request that fails after it was carried out', () => {
  const after = { error: 'REQUEST_TIMED_OUT', when: 'after' } as const;

  test('has taken effect, from joining to leaving', async () => {
    const one = new GroupMember(client, groupId, 'instance');
    kafka.faults.fail('JoinGroup', after);
    expect(await one.join()).toMatchObject({ error: 'REQUEST_TIMED_OUT', memberId: '', generationId: -1 });
    expect(kafka.group(groupId)).toMatchObject({ state: 'CompletingRebalance', generation: 1 });

    await one.join();
    kafka.faults.fail('SyncGroup', after);
    expect(await one.sync({ [one.memberId]: 'all' })).toEqual({ error: 'REQUEST_TIMED_OUT', assignment: '' });
    expect(kafka.group(groupId)?.state).toBe('Stable');

    kafka.faults.fail('OffsetCommit', after);
    expect(await one.commit(topic, 7)).toBe('REQUEST_TIMED_OUT');
    expect(kafka.committed(groupId, topic)).toEqual([{ partition: 0, offset: '7', metadata: '' }]);

    kafka.faults.fail('LeaveGroup', after);
    expect(await one.leave()).toBe('REQUEST_TIMED_OUT');
    expect(kafka.group(groupId)?.state).toBe('Empty');
  });

  test('waits as long as the request does', async () => {
    const one = await new GroupMember(client, groupId).settle();
    const second = await WireClient.connect(kafka.brokers[0] as string);
    const two = new GroupMember(second, groupId, 'instance');
    kafka.faults.fail('JoinGroup', after);
    const joining = two.join();
    await kafka.until(() => kafka.group(groupId)?.state === 'PreparingRebalance');
    await one.join();
    expect(await joining).toMatchObject({ error: 'REQUEST_TIMED_OUT' });
    expect(kafka.members(groupId)).toHaveLength(2);
    second.close();
  });
});

describe('throttling', () => {
  const heartbeat = async () => client.request('Heartbeat', requests.Heartbeat);

  async function timed<T>(action: () => Promise<T>): Promise<[T, number]> {
    const begin = performance.now();
    const result = await action();
    return [result, performance.now() - begin];
  }

  test('is told in the answer, which comes at once, and mutes the connection as Kafka does (KIP-219)', async () => {
    const fault = kafka.faults.throttle('Heartbeat', { ms: 100, times: 1 });
    const [first, firstMs] = await timed(heartbeat);
    expect(first).toEqual({ throttleTimeMs: 100, errorCode: errorCodes.UNKNOWN_MEMBER_ID });
    expect(firstMs).toBeLessThan(80);
    const [second, secondMs] = await timed(heartbeat);
    expect(second.throttleTimeMs).toBe(0);
    expect(secondMs).toBeGreaterThan(80 - firstMs);
    expect(fault).toMatchObject({ hits: 1, active: false });
  });

  test('leaves other connections alone', async () => {
    kafka.faults.throttle('Heartbeat', { ms: 60_000 });
    await heartbeat();
    const other = await WireClient.connect(kafka.brokers[0] as string);
    expect(errorIn(await other.request('Heartbeat', requests.Heartbeat))).toBe('UNKNOWN_MEMBER_ID');
    other.close();
  });

  test('without muting only asks the client to wait, so that a test sees whether it does', async () => {
    kafka.faults.throttle('Heartbeat', { ms: 60_000, mute: false });
    expect((await heartbeat()).throttleTimeMs).toBe(60_000);
    expect((await heartbeat()).throttleTimeMs).toBe(0);
  });

  test('goes with other faults, and with their filters', async () => {
    kafka.faults.fail('Heartbeat', { error: 'REBALANCE_IN_PROGRESS' });
    const elsewhere = kafka.faults.throttle('Heartbeat', { ms: 7, group: 'another', mute: false });
    kafka.faults.throttle('Heartbeat', { ms: 9, group: groupId, mute: false });
    expect(await heartbeat()).toEqual({ throttleTimeMs: 9, errorCode: errorCodes.REBALANCE_IN_PROGRESS });
    expect(elsewhere.hits).toBe(0);
  });

  test('does not keep a broker from stopping', async () => {
    kafka.faults.throttle('Heartbeat', { ms: 60_000 });
    await heartbeat();
    const lost = heartbeat();
    await Promise.all([expect(lost).rejects.toThrow('connection closed'), kafka.stop()]);
  });

  test('makes kafkajs wait', async () => {
    const admin = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    kafka.faults.throttle('Metadata', { ms: 300, mute: false, times: 1 });
    const [, ms] = await timed(async () => {
      for (let i = 0; i < 3; i++) await admin.fetchTopicMetadata({ topics: [topic] });
    });
    expect(ms).toBeGreaterThan(200);
    await admin.disconnect();
  });

  test.each<[string, () => unknown]>([
    ['expected a throttle time in ms', () => kafka.faults.throttle('Heartbeat', { ms: 0 })],
    ['expected a throttle time in ms', () => kafka.faults.throttle('Heartbeat', undefined as never)],
    ['answers to SaslHandshake have no throttle time', () => kafka.faults.throttle('SaslHandshake', { ms: 1 })],
    ['got when', () => kafka.faults.throttle('Heartbeat', { ms: 1, when: 'after' } as never)],
    ['expected mute', () => kafka.faults.throttle('Heartbeat', { ms: 1, mute: 'no' as never })],
  ])('that cannot be is explained: %s', (text, act) => {
    expect(act).toThrow(EmbeddedKafkaError);
    expect(act).toThrow(text);
  });
});
