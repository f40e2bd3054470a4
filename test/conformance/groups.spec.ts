import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from './support/eventually.js';
import { GroupMember, subscriptionTo } from './support/group-member.js';
import { createTopic, openTarget, type Target, unique } from './support/target.js';
import { ask, errorIn, WireCluster } from './support/wire-cluster.js';

let target: Target;
let wire: WireCluster;

beforeAll(async () => {
  target = await openTarget();
  wire = await WireCluster.open(target);
});

afterAll(async () => {
  wire.close();
  await target.stop();
});

/** A member with a connection of its own. */
async function member(groupId: string, groupInstanceId: string | null = null): Promise<GroupMember> {
  return new GroupMember(await wire.another(await wire.coordinator(groupId)), groupId, groupInstanceId);
}

async function describeGroup(groupId: string) {
  const coordinator = await wire.coordinator(groupId);
  return (await ask(coordinator, 'DescribeGroups', { groups: [groupId] })).groups[0];
}

describe('joining', () => {
  test('gives a new member an id first', async () => {
    const one = await member(unique('group'));
    const first = await one.joinOnce();
    expect(first).toMatchObject({ error: 'MEMBER_ID_REQUIRED', generationId: -1 });
    expect(first.memberId).not.toBe('');
    one.memberId = first.memberId;
    expect(await one.joinOnce()).toMatchObject({ error: 'NONE', generationId: 1, leader: first.memberId });
  });

  test('makes the first member leader, and tells it of the others', async () => {
    const groupId = unique('group');
    const one = await (await member(groupId)).settle();
    const two = await member(groupId);
    const joining = two.join();
    await eventually(async () => expect(await one.heartbeat()).toBe('REBALANCE_IN_PROGRESS'));
    const [first, second] = await Promise.all([one.join(), joining]);
    expect([first.generationId, second.generationId]).toEqual([2, 2]);
    expect([first.leader, second.leader]).toEqual([one.memberId, one.memberId]);
    expect(first.members.map(({ memberId }) => memberId).sort()).toEqual([one.memberId, two.memberId].sort());
    expect(second.members).toEqual([]);
    const assignments = { [one.memberId]: 'left', [two.memberId]: 'right' };
    const synced = await Promise.all([two.sync(), one.sync(assignments)]);
    expect(synced).toEqual([
      { error: 'NONE', assignment: 'right' },
      { error: 'NONE', assignment: 'left' },
    ]);
  });

  test('with an unknown id is refused', async () => {
    const groupId = unique('group');
    await (await member(groupId)).settle();
    const stranger = await member(groupId);
    stranger.memberId = 'stranger';
    expect(await stranger.join()).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' });
  });

  test('with no protocol in common is refused', async () => {
    const groupId = unique('group');
    await (await member(groupId)).settle();
    const protocols = [{ name: 'another', metadata: subscriptionTo() }];
    const two = await member(groupId);
    expect(await two.join({ protocols })).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' });
    expect(await two.join({ protocolType: 'connect' })).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' });
  });

  test('elects the protocol that all support', async () => {
    const groupId = unique('group');
    const protocolsOf = (...names: string[]) => names.map((name) => ({ name, metadata: subscriptionTo(name) }));
    const one = await member(groupId);
    await one.join({ protocols: protocolsOf('new', 'old') });
    await one.sync({ [one.memberId]: 'all' });
    const two = await member(groupId);
    const joining = two.join({ protocols: protocolsOf('old') });
    await eventually(async () => expect(await one.heartbeat()).toBe('REBALANCE_IN_PROGRESS'));
    const joined = await Promise.all([one.join({ protocols: protocolsOf('new', 'old') }), joining]);
    expect(joined.map(({ protocolName }) => protocolName)).toEqual(['old', 'old']);
  });

  test('with an impossible session timeout, or no group, is refused', async () => {
    const one = await member(unique('group'));
    expect(await one.join({ sessionTimeoutMs: 1 })).toMatchObject({ error: 'INVALID_SESSION_TIMEOUT' });
    const nameless = await member(one.groupId);
    expect(await nameless.join({ groupId: '' })).toMatchObject({ error: 'INVALID_GROUP_ID' });
  });

  test('at a broker that does not coordinate is refused', async () => {
    const groupId = unique('group');
    for (const other of wire.others(await wire.coordinator(groupId))) {
      expect(await new GroupMember(other, groupId).join()).toMatchObject({ error: 'NOT_COORDINATOR_FOR_GROUP' });
    }
  });
});

describe('a member', () => {
  test('of another generation, or of none, is refused', async () => {
    const one = await (await member(unique('group'))).settle();
    one.generationId += 1;
    expect(await one.heartbeat()).toBe('ILLEGAL_GENERATION');
    expect(await one.sync()).toMatchObject({ error: 'ILLEGAL_GENERATION' });
    one.generationId -= 1;
    one.memberId = 'stranger';
    expect(await one.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
    expect(await one.sync()).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' });
    expect(await one.leave()).toBe('UNKNOWN_MEMBER_ID');
  });

  test('cannot ask for its assignment while the group rebalances', async () => {
    const groupId = unique('group');
    const one = await (await member(groupId)).settle();
    const joining = (await member(groupId)).join();
    await eventually(async () => expect(await one.heartbeat()).toBe('REBALANCE_IN_PROGRESS'));
    expect(await one.sync()).toMatchObject({ error: 'REBALANCE_IN_PROGRESS' });
    await one.leave();
    await joining;
  });

  test('gets its assignment again when it asks again', async () => {
    const one = await (await member(unique('group'))).settle();
    expect(await one.sync()).toEqual({ error: 'NONE', assignment: 'all' });
  });

  test('that leaves makes the others join again', async () => {
    const groupId = unique('group');
    const one = await (await member(groupId)).settle();
    const two = await member(groupId);
    const joining = two.join();
    await eventually(async () => expect(await one.heartbeat()).toBe('REBALANCE_IN_PROGRESS'));
    await Promise.all([one.join(), joining]);
    await Promise.all([one.sync({ [one.memberId]: 'a', [two.memberId]: 'b' }), two.sync()]);
    expect(await two.leave()).toBe('NONE');
    expect(await one.heartbeat()).toBe('REBALANCE_IN_PROGRESS');
    expect(await one.join()).toMatchObject({ error: 'NONE', generationId: 3 });
    expect(await two.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
  });

  test('that falls silent is evicted after its session timeout', async () => {
    const groupId = unique('group');
    const silent = await member(groupId);
    await silent.join({ sessionTimeoutMs: 6000 });
    await silent.sync({ [silent.memberId]: 'all' });
    await eventually(async () => expect(await describeGroup(groupId)).toMatchObject({ state: 'Empty' }));
    expect(await silent.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
  });

  test('that does not join again in time is left behind', async () => {
    const groupId = unique('group');
    const slow = await member(groupId);
    await slow.join({ rebalanceTimeoutMs: 500 });
    await slow.sync({ [slow.memberId]: 'all' });
    const quick = await member(groupId);
    expect(await quick.join({ rebalanceTimeoutMs: 500 })).toMatchObject({ error: 'NONE', leader: quick.memberId });
    expect(await slow.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
  });
});

describe('a static member', () => {
  test('that comes back moves nothing and fences its predecessor', async () => {
    const groupId = unique('group');
    const before = await (await member(groupId, 'instance')).settle();
    const after = await member(groupId, 'instance');
    const joined = await after.join();
    expect(joined).toMatchObject({ error: 'NONE', generationId: 1, leader: before.memberId, members: [] });
    expect(await after.sync()).toEqual({ error: 'NONE', assignment: 'all' });
    expect(await after.heartbeat()).toBe('NONE');
    expect(await before.heartbeat()).toBe('FENCED_INSTANCE_ID');
    expect(await before.sync()).toMatchObject({ error: 'FENCED_INSTANCE_ID' });
    expect(await before.join()).toMatchObject({ error: 'FENCED_INSTANCE_ID' });
    expect(await before.leave()).toBe('FENCED_INSTANCE_ID');
  });

  test('moves nothing with other subscriptions either, for protocols are compared by name', async () => {
    const groupId = unique('group');
    await (await member(groupId, 'instance')).settle();
    const after = await member(groupId, 'instance');
    const protocols = [{ name: 'range', metadata: subscriptionTo('other') }];
    expect(await after.join({ protocols })).toMatchObject({ error: 'NONE', generationId: 1 });
  });

  test('can be removed by its instance id', async () => {
    const groupId = unique('group');
    const one = await (await member(groupId, 'instance')).settle();
    const administrator = await member(groupId, 'instance');
    expect(await administrator.leave()).toBe('NONE');
    expect(await one.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
  });

  test('fences a predecessor that still waits to join', async () => {
    const groupId = unique('group');
    const other = await (await member(groupId)).settle();
    const waiting = (await member(groupId, 'instance')).join();
    await eventually(async () => expect(await other.heartbeat()).toBe('REBALANCE_IN_PROGRESS'));
    const successor = (await member(groupId, 'instance')).join();
    expect(await waiting).toMatchObject({ error: 'FENCED_INSTANCE_ID' });
    await other.join();
    expect(await successor).toMatchObject({ error: 'NONE' });
  });
});

describe('offsets', () => {
  async function fetchOffsets(groupId: string, topic: string | null) {
    const topics = topic === null ? null : [{ topic, partitions: [0] }];
    return ask(await wire.coordinator(groupId), 'OffsetFetch', { groupId, topics });
  }

  test('are kept with their metadata', async () => {
    const topic = await createTopic(target);
    const one = await (await member(unique('group'))).settle();
    expect(await one.commit(topic, 42, 'note')).toBe('NONE');
    const expected = [{ topic, partitions: [{ partition: 0, offset: 42, metadata: 'note', errorCode: 0 }] }];
    expect((await fetchOffsets(one.groupId, topic)).topics).toEqual(expected);
    expect((await fetchOffsets(one.groupId, null)).topics).toEqual(expected);
  });

  test('that were never committed are -1', async () => {
    const topic = await createTopic(target);
    const { topics } = await fetchOffsets(unique('group'), topic);
    expect(topics).toMatchObject([{ topic, partitions: [{ offset: -1, errorCode: 0 }] }]);
  });

  test('are taken from outside while the group is empty, and only then', async () => {
    const topic = await createTopic(target);
    const groupId = unique('group');
    const outsider = await member(groupId);
    expect(await outsider.commit(topic, 1)).toBe('NONE');
    await (await member(groupId)).settle();
    expect(await outsider.commit(topic, 2)).toBe('UNKNOWN_MEMBER_ID');
  });

  test('are refused from another generation, a stranger, and between join and sync', async () => {
    const topic = await createTopic(target);
    const one = await member(unique('group'));
    await one.join();
    expect(await one.commit(topic, 1)).toBe('REBALANCE_IN_PROGRESS');
    await one.sync({ [one.memberId]: 'all' });
    one.generationId += 1;
    expect(await one.commit(topic, 1)).toBe('ILLEGAL_GENERATION');
    one.generationId -= 1;
    one.memberId = 'stranger';
    expect(await one.commit(topic, 1)).toBe('UNKNOWN_MEMBER_ID');
  });

  test('are taken while the group prepares a rebalance', async () => {
    const topic = await createTopic(target);
    const groupId = unique('group');
    const one = await (await member(groupId)).settle();
    const joining = (await member(groupId)).join();
    await eventually(async () => expect(await one.heartbeat()).toBe('REBALANCE_IN_PROGRESS'));
    expect(await one.commit(topic, 7)).toBe('NONE');
    await one.leave();
    await joining;
  });

  test('for an unknown topic, or with too much metadata, are refused', async () => {
    const topic = await createTopic(target);
    const one = await (await member(unique('group'))).settle();
    expect(await one.commit('no-such-topic', 1)).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    expect(await one.commit(topic, 1, 'x'.repeat(5000))).toBe('OFFSET_METADATA_TOO_LARGE');
    expect(await one.commit(topic, 1, 'x'.repeat(4096))).toBe('NONE');
  });
});

describe('group administration', () => {
  test('describes and lists groups', async () => {
    const one = await (await member(unique('group'))).settle();
    expect(await describeGroup(one.groupId)).toMatchObject({
      errorCode: 0,
      state: 'Stable',
      protocolType: 'consumer',
      protocol: 'range',
      members: [{ memberId: one.memberId, clientId: 'conformance', assignment: Buffer.from('all') }],
    });
    const listed = await ask(await wire.coordinator(one.groupId), 'ListGroups', {});
    expect(listed.groups).toContainEqual({ groupId: one.groupId, protocolType: 'consumer' });
    expect(await describeGroup(unique('no-such-group'))).toMatchObject({ state: 'Dead', members: [] });
  });

  test('deletes groups that are empty, and only those', async () => {
    const one = await (await member(unique('group'))).settle();
    const coordinator = await wire.coordinator(one.groupId);
    const remove = async (groupId: string) => errorIn(await ask(coordinator, 'DeleteGroups', { groups: [groupId] }));
    expect(await remove(one.groupId)).toBe('NON_EMPTY_GROUP');
    await one.leave();
    expect(await remove(one.groupId)).toBe('NONE');
    const again = await wire.coordinator(one.groupId);
    expect(errorIn(await ask(again, 'DeleteGroups', { groups: [one.groupId] }))).toBe('GROUP_ID_NOT_FOUND');
  });
});
