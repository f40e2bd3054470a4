import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from './support/eventually.js';
import { GroupBench, isAnswered, preparing, protocolsOf } from './support/group-bench.js';
import { subscriptionTo } from './support/group-member.js';
import { createTopic, unique } from './support/target.js';

let bench: GroupBench;

beforeAll(async () => {
  bench = await GroupBench.open();
});

afterAll(() => bench.close());

describe('a static member that comes back to a stable group', () => {
  test('moves nothing as a follower: same generation, its old assignment, the others undisturbed', async () => {
    const { leader, follower } = await bench.pair(unique('group'), [null, 'instance']);
    const back = await bench.member(follower.groupId, 'instance');
    const joined = await back.join();
    expect(joined).toMatchObject({ error: 'NONE', generationId: 2, leader: leader.memberId, members: [] });
    expect(joined.memberId).not.toBe(follower.memberId);
    expect(joined.memberId).toMatch(/^instance-/);
    expect(await back.sync()).toEqual({ error: 'NONE', assignment: 'right' });
    expect(await leader.heartbeat()).toBe('NONE');
    expect(await back.heartbeat()).toBe('NONE');
    const { state, members } = await bench.describe(back.groupId);
    expect(state).toBe('Stable');
    expect(members.map(({ memberId }) => memberId).sort()).toEqual([leader.memberId, back.memberId].sort());
  });

  test('is told its old id as the leader when it led, and nobody to assign to (KIP-814)', async () => {
    const { leader, follower } = await bench.pair(unique('group'), ['leader', 'follower']);
    const back = await bench.member(leader.groupId, 'leader');
    expect(await back.join()).toMatchObject({ generationId: 2, leader: leader.memberId, members: [] });
    expect(await back.sync()).toEqual({ error: 'NONE', assignment: 'left' });
    expect(await follower.heartbeat()).toBe('NONE');
  });

  test('leads all the same: its next join makes the group rebalance', async () => {
    const before = await (await bench.member(unique('group'), 'instance')).settle();
    const back = await bench.member(before.groupId, 'instance');
    await back.join();
    const again = await back.join();
    expect(again).toMatchObject({ error: 'NONE', generationId: 2, leader: back.memberId });
    expect(again.members).toMatchObject([{ memberId: back.memberId, groupInstanceId: 'instance' }]);
  });

  test('may join again as a follower, with nothing new, to no effect', async () => {
    const { leader, follower } = await bench.pair(unique('group'), [null, 'instance']);
    const back = await bench.member(follower.groupId, 'instance');
    await back.join();
    expect(await back.join()).toMatchObject({ error: 'NONE', generationId: 2, leader: leader.memberId, members: [] });
    expect(await leader.heartbeat()).toBe('NONE');
  });

  test('moves nothing with other subscriptions either, for protocols are compared by name', async () => {
    const before = await (await bench.member(unique('group'), 'instance')).settle();
    const protocols = [{ name: 'range', metadata: subscriptionTo('other') }];
    const back = await bench.member(before.groupId, 'instance');
    expect(await back.join({ protocols })).toMatchObject({ error: 'NONE', generationId: 1 });
  });

  test('moves nothing with other protocols beside the elected one', async () => {
    const { leader, follower } = await bench.pair(unique('group'), [null, 'instance']);
    const back = await bench.member(follower.groupId, 'instance');
    const protocols = protocolsOf(['other', 'range']);
    expect(await back.join({ protocols })).toMatchObject({ generationId: 2, protocolName: 'range' });
    expect(await leader.heartbeat()).toBe('NONE');
  });

  test('makes the group rebalance when another protocol is elected with it', async () => {
    const before = await bench.member(unique('group'), 'instance');
    await before.join({ protocols: protocolsOf(['range', 'other']) });
    await before.sync({ [before.memberId]: 'all' });
    const back = await bench.member(before.groupId, 'instance');
    const joined = await back.join({ protocols: protocolsOf(['other', 'range']) });
    expect(joined).toMatchObject({ error: 'NONE', generationId: 2, protocolName: 'other', leader: back.memberId });
  });

  test('is refused when it shares no protocol with what it was itself', async () => {
    const before = await (await bench.member(unique('group'), 'instance')).settle();
    const back = await bench.member(before.groupId, 'instance');
    expect(await back.join({ protocols: protocolsOf(['other']) })).toMatchObject({
      error: 'INCONSISTENT_GROUP_PROTOCOL',
      memberId: '',
    });
    expect(await before.heartbeat()).toBe('NONE');
  });

  test('commits with its new id', async () => {
    const topic = await createTopic(bench.target);
    const before = await (await bench.member(unique('group'), 'instance')).settle();
    const back = await bench.member(before.groupId, 'instance');
    await back.join();
    expect(await back.commit(topic, 1)).toBe('NONE');
  });
});

describe('the predecessor of a static member', () => {
  test('is fenced wherever it names its instance, and unknown wherever it does not', async () => {
    const topic = await createTopic(bench.target);
    const before = await (await bench.member(unique('group'), 'instance')).settle();
    await (await bench.member(before.groupId, 'instance')).join();
    expect(await before.heartbeat()).toBe('FENCED_INSTANCE_ID');
    expect(await before.sync()).toMatchObject({ error: 'FENCED_INSTANCE_ID', assignment: '' });
    expect(await before.join()).toMatchObject({ error: 'FENCED_INSTANCE_ID', memberId: before.memberId });
    expect(await before.leave()).toBe('FENCED_INSTANCE_ID');
    // OffsetCommit has no instance id before version 7.
    expect(await before.commit(topic, 1)).toBe('UNKNOWN_MEMBER_ID');
    const nameless = Object.assign(await bench.member(before.groupId), { memberId: before.memberId, generationId: 1 });
    expect(await nameless.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
    expect(await nameless.leave()).toBe('UNKNOWN_MEMBER_ID');
  });

  test('takes the instance back when it joins anew: of two processes each fences the other', async () => {
    const one = await (await bench.member(unique('group'), 'instance')).settle();
    const two = await bench.member(one.groupId, 'instance');
    await two.join();
    expect([await one.heartbeat(), await two.heartbeat()]).toEqual(['FENCED_INSTANCE_ID', 'NONE']);
    one.memberId = '';
    expect(await one.join()).toMatchObject({ error: 'NONE', generationId: 1 });
    expect([await one.heartbeat(), await two.heartbeat()]).toEqual(['NONE', 'FENCED_INSTANCE_ID']);
    expect((await bench.describe(one.groupId)).members).toHaveLength(1);
  });
});

describe('a static member that comes back while the group rebalances', () => {
  test('fences a predecessor that still waits to join', async () => {
    const groupId = unique('group');
    const other = await (await bench.member(groupId)).settle();
    const waiting = (await bench.member(groupId, 'instance')).join();
    await preparing(other);
    const successor = (await bench.member(groupId, 'instance')).join();
    expect(await waiting).toMatchObject({ error: 'FENCED_INSTANCE_ID', generationId: -1, leader: '', members: [] });
    await other.join();
    expect(await successor).toMatchObject({ error: 'NONE', generationId: 2, leader: other.memberId });
  });

  test('joins for a predecessor that has not joined again', async () => {
    const { leader, follower } = await bench.pair(unique('group'), [null, 'instance']);
    const leading = leader.join();
    await preparing(follower);
    const back = await bench.member(follower.groupId, 'instance');
    expect(await back.join()).toMatchObject({ error: 'NONE', generationId: 3, leader: leader.memberId });
    const { members } = await leading;
    expect(members.map(({ memberId }) => memberId).sort()).toEqual([leader.memberId, back.memberId].sort());
    expect(await follower.heartbeat()).toBe('FENCED_INSTANCE_ID');
  });

  test('makes the group rebalance anew while the leader assigns, as it may assign to the predecessor', async () => {
    const { leader, follower } = await bench.pair(unique('group'), [null, 'instance']);
    const leading = leader.join();
    await preparing(follower);
    await Promise.all([follower.join(), leading]);
    const waiting = follower.sync();
    const back = await bench.member(follower.groupId, 'instance');
    const joining = back.join();
    expect(await waiting).toMatchObject({ error: 'FENCED_INSTANCE_ID' });
    await preparing(leader);
    expect(await leader.sync({ [follower.memberId]: 'all' })).toMatchObject({ error: 'REBALANCE_IN_PROGRESS' });
    const [joined] = await Promise.all([joining, leader.join()]);
    expect(joined).toMatchObject({ error: 'NONE', generationId: 4, leader: leader.memberId });
  });

  test('rejoins alone before its first assignment', async () => {
    const before = await bench.member(unique('group'), 'instance');
    await before.join();
    const back = await bench.member(before.groupId, 'instance');
    expect(await back.join()).toMatchObject({ error: 'NONE', generationId: 2, leader: back.memberId });
  });
});

describe('a static member that is away', () => {
  test('is not left behind by a rebalance that it misses', async () => {
    const { leader, follower } = await bench.pair(unique('group'), [null, 'instance']);
    const times = { rebalanceTimeoutMs: 2000 };
    const back = await bench.member(follower.groupId, 'instance');
    await back.join(times);
    const { members } = await leader.join(times);
    expect(members.map(({ memberId }) => memberId).sort()).toEqual([leader.memberId, back.memberId].sort());
    expect(await back.heartbeat()).toBe('ILLEGAL_GENERATION');
    // It joins the generation that began without it.
    expect(await back.join(times)).toMatchObject({ error: 'NONE', generationId: 3, leader: leader.memberId });
    expect(await isAnswered(leader.sync({ [back.memberId]: 'all' }))).toBe(true);
    expect(await back.sync()).toEqual({ error: 'NONE', assignment: 'all' });
  });

  test('is removed when it does not ask for its assignment after that either', async () => {
    const { leader, follower } = await bench.pair(unique('group'), [null, 'instance']);
    const times = { rebalanceTimeoutMs: 1000 };
    const back = await bench.member(follower.groupId, 'instance');
    await back.join(times);
    await leader.join(times);
    await leader.sync({ [leader.memberId]: 'all' });
    expect(await leader.heartbeat()).toBe('NONE');
    await preparing(leader);
    expect(await back.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
    expect(await leader.join()).toMatchObject({ generationId: 4, members: [{ memberId: leader.memberId }] });
  });

  test('is removed when its session ends, and the others rebalance', async () => {
    const groupId = unique('group');
    const one = await (await bench.member(groupId)).settle();
    const away = await bench.member(groupId, 'instance');
    const joining = away.join({ sessionTimeoutMs: 6000 });
    await preparing(one);
    await Promise.all([one.join(), joining]);
    await Promise.all([one.sync({}), away.sync()]);
    expect(await one.heartbeat()).toBe('NONE');
    await preparing(one);
    expect(await one.join()).toMatchObject({ generationId: 3, members: [{ memberId: one.memberId }] });
    expect(await away.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
  });
});

describe('a static member leaves', () => {
  test.each([
    ['by member id and instance id', (memberId: string) => ({ memberId, groupInstanceId: 'instance' })],
    ['by member id alone', (memberId: string) => ({ memberId, groupInstanceId: null })],
    ['by instance id alone, as an administrator removes it', () => ({ memberId: '', groupInstanceId: 'instance' })],
  ])('%s', async (_how, identify) => {
    const { leader, follower } = await bench.pair(unique('group'), [null, 'instance']);
    const { groupId } = follower;
    const entry = identify(follower.memberId);
    const answer = await (await bench.wire.coordinator(groupId)).request('LeaveGroup', { groupId, members: [entry] });
    expect(answer).toEqual({ throttleTimeMs: 0, errorCode: 0, members: [{ ...entry, errorCode: 0 }] });
    expect(await leader.heartbeat()).toBe('REBALANCE_IN_PROGRESS');
    expect(await follower.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
    expect(await leader.join()).toMatchObject({ generationId: 3, members: [{ memberId: leader.memberId }] });
  });

  test('and is new when it comes back', async () => {
    const before = await (await bench.member(unique('group'), 'instance')).settle();
    await before.leave();
    await eventually(async () => expect(await bench.describe(before.groupId)).toMatchObject({ state: 'Empty' }));
    const back = await bench.member(before.groupId, 'instance');
    expect(await back.join()).toMatchObject({ error: 'NONE', generationId: 3, leader: back.memberId });
  });
});
