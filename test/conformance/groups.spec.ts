import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from './support/eventually.js';
import { GroupBench } from './support/group-bench.js';
import { GroupMember, subscriptionTo } from './support/group-member.js';
import { unique } from './support/target.js';
import { ask, errorIn } from './support/wire-cluster.js';

let bench: GroupBench;

beforeAll(async () => {
  bench = await GroupBench.open();
});

afterAll(() => bench.close());

const member = (groupId: string) => bench.member(groupId);

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
    for (const other of bench.wire.others(await bench.wire.coordinator(groupId))) {
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
    await eventually(async () => expect(await bench.describe(groupId)).toMatchObject({ state: 'Empty' }));
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

describe('group administration', () => {
  test('describes and lists groups', async () => {
    const one = await (await member(unique('group'))).settle();
    expect(await bench.describe(one.groupId)).toMatchObject({
      errorCode: 0,
      state: 'Stable',
      protocolType: 'consumer',
      protocol: 'range',
      members: [{ memberId: one.memberId, clientId: 'conformance', assignment: Buffer.from('all') }],
    });
    const listed = await ask(await bench.wire.coordinator(one.groupId), 'ListGroups', {});
    expect(listed.groups).toContainEqual({ groupId: one.groupId, protocolType: 'consumer' });
    expect(await bench.describe(unique('no-such-group'))).toMatchObject({ state: 'Dead', members: [] });
  });

  test('deletes groups that are empty, and only those', async () => {
    const one = await (await member(unique('group'))).settle();
    const coordinator = await bench.wire.coordinator(one.groupId);
    const remove = async (groupId: string) => errorIn(await ask(coordinator, 'DeleteGroups', { groups: [groupId] }));
    expect(await remove(one.groupId)).toBe('NON_EMPTY_GROUP');
    await one.leave();
    expect(await remove(one.groupId)).toBe('NONE');
    const again = await bench.wire.coordinator(one.groupId);
    expect(errorIn(await ask(again, 'DeleteGroups', { groups: [one.groupId] }))).toBe('GROUP_ID_NOT_FOUND');
  });
});
