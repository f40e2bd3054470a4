import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GroupBench, isAnswered, preparing, protocolsOf } from './support/group-bench.js';
import { type GroupMember } from './support/group-member.js';
import { createTopic, unique } from './support/target.js';

let bench: GroupBench;
let topic: string;

beforeAll(async () => {
  bench = await GroupBench.open();
  topic = await createTopic(bench.target);
});

afterAll(() => bench.close());

/** What a member hears, one request after the other. */
async function hears(member: GroupMember) {
  return {
    heartbeat: await member.heartbeat(),
    commit: await member.commit(topic, 1),
    sync: (await member.sync()).error,
  };
}

describe('while a rebalance is prepared', () => {
  test('a member that has not joined again is told so, and its commits are taken', async () => {
    const { leader, follower } = await bench.pair(unique('group'));
    const joining = leader.join();
    await preparing(follower);
    expect(await hears(follower)).toEqual({
      heartbeat: 'REBALANCE_IN_PROGRESS',
      commit: 'NONE',
      sync: 'REBALANCE_IN_PROGRESS',
    });
    follower.generationId -= 1;
    const refused = 'ILLEGAL_GENERATION';
    expect(await hears(follower)).toEqual({ heartbeat: refused, commit: refused, sync: refused });
    await follower.leave();
    await joining;
  });

  test('so is a member whose join waits', async () => {
    const { leader, follower } = await bench.pair(unique('group'));
    const joining = leader.join();
    await preparing(follower);
    expect(await hears(await bench.twin(leader))).toEqual({
      heartbeat: 'REBALANCE_IN_PROGRESS',
      commit: 'NONE',
      sync: 'REBALANCE_IN_PROGRESS',
    });
    expect(await isAnswered(joining, 0)).toBe(false);
    await follower.leave();
    await joining;
  });

  test('a new member whose join waits is of no generation yet', async () => {
    const groupId = unique('group');
    const one = await (await bench.member(groupId)).settle();
    const fresh = await bench.member(groupId);
    fresh.memberId = (await fresh.joinOnce()).memberId;
    const twin = await bench.twin(fresh);
    const unknown = 'UNKNOWN_MEMBER_ID';
    expect(await hears(twin)).toEqual({ heartbeat: unknown, commit: unknown, sync: unknown });
    const joining = fresh.join();
    await preparing(one);
    const refused = 'ILLEGAL_GENERATION';
    expect(await hears(twin)).toEqual({ heartbeat: refused, commit: refused, sync: refused });
    await one.leave();
    await joining;
  });

  test('a join that is sent again takes the place of the one that waits, which is never answered', async () => {
    const { leader, follower } = await bench.pair(unique('group'));
    const first = leader.join();
    await preparing(follower);
    const second = (await bench.twin(leader)).join();
    expect(await isAnswered(Promise.race([first, second]))).toBe(false);
    await follower.join();
    expect(await second).toMatchObject({ error: 'NONE', generationId: 3 });
    expect(await isAnswered(first)).toBe(false);
  });

  test('members are described without protocol and metadata', async () => {
    const { leader, follower } = await bench.pair(unique('group'));
    const joining = leader.join();
    await preparing(follower);
    const { state, protocolType, protocol, members } = await bench.describe(leader.groupId);
    expect({ state, protocolType, protocol }).toEqual({
      state: 'PreparingRebalance',
      protocolType: 'consumer',
      protocol: '',
    });
    expect(members.map(({ metadata }) => metadata.length)).toEqual([0, 0]);
    expect(members.map(({ assignment }) => assignment.toString()).sort()).toEqual(['left', 'right']);
    await follower.leave();
    await joining;
  });

  test('it is over when the last member that others wait for leaves', async () => {
    const { leader, follower } = await bench.pair(unique('group'));
    const joining = follower.join({ protocols: protocolsOf(['range'], 'changed') });
    await preparing(leader);
    expect(await leader.leave()).toBe('NONE');
    expect(await joining).toMatchObject({ error: 'NONE', generationId: 3, leader: follower.memberId });
  });

  test('it waits for a member that was given an id, until that one gives up', async () => {
    const { leader, follower } = await bench.pair(unique('group'));
    const fresh = await bench.member(leader.groupId);
    fresh.memberId = (await fresh.joinOnce()).memberId;
    const joined = Promise.all([leader.join(), follower.join({ protocols: protocolsOf(['range'], 'changed') })]);
    expect(await isAnswered(joined)).toBe(false);
    expect(await fresh.leave()).toBe('NONE');
    expect((await joined).map(({ generationId }) => generationId)).toEqual([3, 3]);
  });
});

describe('while the leader assigns', () => {
  /** A group of two that have joined and not asked for their assignment. */
  async function joinedPair(groupId: string) {
    const { leader, follower } = await bench.pair(groupId);
    const joining = leader.join();
    await preparing(follower);
    await Promise.all([joining, follower.join()]);
    return { leader, follower };
  }

  test('heartbeats of the new generation are welcome, its commits come too early', async () => {
    const { follower } = await joinedPair(unique('group'));
    expect(await follower.heartbeat()).toBe('NONE');
    expect(await follower.commit(topic, 1)).toBe('REBALANCE_IN_PROGRESS');
    const waiting = follower.sync();
    const twin = await bench.twin(follower);
    expect(await twin.heartbeat()).toBe('NONE');
    expect(await twin.commit(topic, 1)).toBe('REBALANCE_IN_PROGRESS');
    expect(await isAnswered(waiting, 0)).toBe(false);
  });

  test('whatever is of the old generation is refused', async () => {
    const { follower } = await joinedPair(unique('group'));
    follower.generationId -= 1;
    const refused = 'ILLEGAL_GENERATION';
    expect(await hears(follower)).toEqual({ heartbeat: refused, commit: refused, sync: refused });
  });

  test('members are described without protocol and metadata, and with their old assignments', async () => {
    const { leader } = await joinedPair(unique('group'));
    const { state, protocol, members } = await bench.describe(leader.groupId);
    expect([state, protocol]).toEqual(['CompletingRebalance', '']);
    expect(members.map(({ metadata }) => metadata.length)).toEqual([0, 0]);
    expect(members.map(({ assignment }) => assignment.toString()).sort()).toEqual(['left', 'right']);
  });

  test('a join with nothing new is answered again, the leader also with the members', async () => {
    const { leader, follower } = await joinedPair(unique('group'));
    expect(await follower.join()).toMatchObject({ generationId: 3, leader: leader.memberId, members: [] });
    const again = await leader.join();
    expect(again).toMatchObject({ generationId: 3, leader: leader.memberId });
    expect(again.members).toHaveLength(2);
    expect(await leader.heartbeat()).toBe('NONE');
  });

  test('a join with something new starts over, and clears what was assigned before', async () => {
    const { leader, follower } = await joinedPair(unique('group'));
    const waiting = follower.sync();
    const joining = leader.join({ protocols: protocolsOf(['range'], 'changed') });
    expect(await waiting).toEqual({ error: 'REBALANCE_IN_PROGRESS', assignment: '' });
    expect(await follower.heartbeat()).toBe('REBALANCE_IN_PROGRESS');
    const { members } = await bench.describe(leader.groupId);
    expect(members.map(({ assignment }) => assignment.toString())).toEqual(['', '']);
    await follower.join();
    expect(await joining).toMatchObject({ error: 'NONE', generationId: 4 });
  });

  test('a request for the assignment that is sent again takes the place of the one that waits', async () => {
    const { leader, follower } = await joinedPair(unique('group'));
    const first = follower.sync();
    const twin = await bench.twin(follower);
    expect(await twin.heartbeat()).toBe('NONE');
    const second = twin.sync();
    expect(await isAnswered(Promise.race([first, second]))).toBe(false);
    await leader.sync({ [follower.memberId]: 'mine' });
    expect(await second).toEqual({ error: 'NONE', assignment: 'mine' });
    expect(await isAnswered(first)).toBe(false);
  });

  test('members that the leader leaves out are assigned nothing', async () => {
    const { leader, follower } = await joinedPair(unique('group'));
    const synced = await Promise.all([follower.sync(), leader.sync({ [leader.memberId]: 'all' })]);
    expect(synced.map(({ assignment }) => assignment)).toEqual(['', 'all']);
  });

  test('a leader that leaves makes the others join again', async () => {
    const { leader, follower } = await joinedPair(unique('group'));
    const waiting = follower.sync();
    expect(await isAnswered(waiting, 50)).toBe(false);
    await leader.leave();
    expect(await waiting).toMatchObject({ error: 'REBALANCE_IN_PROGRESS' });
    expect(await follower.join()).toMatchObject({ generationId: 4, leader: follower.memberId });
  });
});

describe('in a stable group', () => {
  test('a follower that joins with nothing new gets the present generation', async () => {
    const { leader, follower } = await bench.pair(unique('group'));
    expect(await follower.join()).toMatchObject({ generationId: 2, leader: leader.memberId, members: [] });
    expect(await follower.sync()).toEqual({ error: 'NONE', assignment: 'right' });
    expect(await leader.heartbeat()).toBe('NONE');
  });

  test('a follower that joins with other metadata makes the group rebalance', async () => {
    const { leader, follower } = await bench.pair(unique('group'));
    const joining = follower.join({ protocols: protocolsOf(['range'], 'changed') });
    await preparing(leader);
    const { members } = await leader.join();
    expect(await joining).toMatchObject({ error: 'NONE', generationId: 3, leader: leader.memberId });
    const changed = members.find(({ memberId }) => memberId === follower.memberId);
    expect(changed?.metadata).toEqual(protocolsOf(['range'], 'changed')[0]?.metadata);
  });

  test('a follower that joins with its protocols in another order makes the group rebalance', async () => {
    const { leader, follower } = await bench.pair(unique('group'));
    const joining = follower.join({ protocols: protocolsOf(['range', 'more']) });
    await preparing(leader);
    await Promise.all([leader.join(), joining]);
    await Promise.all([leader.sync({}), follower.sync()]);
    const again = follower.join({ protocols: protocolsOf(['more', 'range']) });
    await preparing(leader);
    await leader.join();
    expect(await again).toMatchObject({ error: 'NONE', generationId: 4 });
  });

  test('a leader that joins with nothing new makes the group rebalance', async () => {
    const { leader, follower } = await bench.pair(unique('group'));
    const joining = leader.join();
    await preparing(follower);
    await follower.join();
    expect(await joining).toMatchObject({ error: 'NONE', generationId: 3, leader: leader.memberId });
  });

  test('a member that was given an id and leaves before it has joined makes the group rebalance', async () => {
    const one = await (await bench.member(unique('group'))).settle();
    const fresh = await bench.member(one.groupId);
    fresh.memberId = (await fresh.joinOnce()).memberId;
    expect(await one.heartbeat()).toBe('NONE');
    expect(await fresh.leave()).toBe('NONE');
    expect(await one.heartbeat()).toBe('REBALANCE_IN_PROGRESS');
  });
});

describe('the protocol', () => {
  /** What a group of members with these preferences elects. */
  async function elect(...preferences: string[][]): Promise<string> {
    const groupId = unique('group');
    const one = await bench.member(groupId);
    await one.join({ protocols: protocolsOf(preferences[0]!) });
    await one.sync({});
    const others = await Promise.all(preferences.slice(1).map(() => bench.member(groupId)));
    for (const other of others)
      other.memberId = (await other.joinOnce({ protocols: protocolsOf(preferences[0]!) })).memberId;
    const joining = others.map((other, i) => other.join({ protocols: protocolsOf(preferences[i + 1]!) }));
    await preparing(one);
    const joined = await Promise.all([one.join({ protocols: protocolsOf(preferences[0]!) }), ...joining]);
    const names = new Set(joined.map(({ error, protocolName }) => (error === 'NONE' ? protocolName : error)));
    expect(names.size).toBe(1);
    return [...names][0]!;
  }

  const [sticky, robin, range] = ['cooperative-sticky', 'roundrobin', 'range'];

  test.each([
    ['the only common one', [[sticky, robin], [robin]], robin],
    [
      'what all prefer',
      [
        [sticky, robin],
        [sticky, robin],
      ],
      sticky,
    ],
    [
      'what most prefer',
      [
        [sticky, robin],
        [robin, sticky],
        [robin, sticky],
      ],
      robin,
    ],
    [
      'what most prefer of what is common',
      [
        [sticky, range, robin],
        [range, robin],
        [robin, range],
      ],
      range,
    ],
  ])('is %s', async (_what, preferences, elected) => {
    expect(await elect(...preferences)).toBe(elected);
  });

  // Kafka counts the votes in a Java HashMap, and takes the first of it.
  test.each([
    [sticky, robin, robin],
    [sticky, range, range],
    [robin, range, range],
    [sticky, 'sticky', 'sticky'],
    [range, 'sticky', 'sticky'],
    [robin, 'RoundRobinAssigner', robin],
  ])('of a draw between %s and %s is %s, whoever came first', async (one, other, elected) => {
    expect(await elect([one, other], [other, one])).toBe(elected);
    expect(await elect([other, one], [one, other])).toBe(elected);
  });

  test('that all but one support is elected when that one has left', async () => {
    const both = { protocols: protocolsOf([sticky, robin]) };
    const groupId = unique('group');
    const one = await bench.member(groupId);
    await one.join(both);
    await one.sync({});
    const old = await bench.member(groupId);
    const joining = old.join({ protocols: protocolsOf([robin]) });
    await preparing(one);
    const [joined] = await Promise.all([one.join(both), joining]);
    expect(joined.protocolName).toBe(robin);
    await old.leave();
    expect(await one.join(both)).toMatchObject({ generationId: 3, protocolName: sticky });
  });

  test('of a newcomer has to be one that all support, also those that have not joined again', async () => {
    const { leader, follower } = await bench.pair(unique('group'));
    const fresh = await bench.member(leader.groupId);
    expect(await fresh.join({ protocols: protocolsOf([sticky]) })).toMatchObject({
      error: 'INCONSISTENT_GROUP_PROTOCOL',
      generationId: -1,
      protocolName: '',
      leader: '',
      memberId: '',
      members: [],
    });
    expect(await follower.join({ protocols: protocolsOf([sticky]) })).toMatchObject({
      error: 'INCONSISTENT_GROUP_PROTOCOL',
      memberId: follower.memberId,
    });
    expect(await fresh.join({ protocols: [] })).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' });
    expect(await leader.heartbeat()).toBe('NONE');
  });

  test('cannot be missing in the first join', async () => {
    const one = await bench.member(unique('group'));
    expect(await one.join({ protocols: [] })).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' });
    expect(await one.join({ protocolType: '' })).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' });
  });
});

describe('leaving', () => {
  async function leave(groupId: string, members: { memberId: string; groupInstanceId: string | null }[]) {
    return (await bench.wire.coordinator(groupId)).request('LeaveGroup', { groupId, members });
  }

  test.each([
    ['of an unknown group', async () => unique('group')],
    ['of a group that has others', async () => (await bench.pair(unique('group'))).leader.groupId],
  ])('is refused to a stranger %s, in its own entry', async (_what, prepare) => {
    const groupId = await prepare();
    const strangers = [
      { memberId: 'stranger', groupInstanceId: null },
      { memberId: 'stranger', groupInstanceId: 'instance' },
      { memberId: '', groupInstanceId: 'instance' },
      { memberId: '', groupInstanceId: null },
    ];
    expect(await leave(groupId, strangers)).toEqual({
      throttleTimeMs: 0,
      errorCode: 0,
      members: strangers.map((stranger) => ({ ...stranger, errorCode: 25 })),
    });
  });

  test('of several is one by one, and the group empties with the last', async () => {
    const { leader, follower } = await bench.pair(unique('group'));
    const entries = [leader.memberId, 'stranger', follower.memberId].map((memberId) => ({
      memberId,
      groupInstanceId: null,
    }));
    const answer = await leave(leader.groupId, entries);
    expect(answer.members.map(({ errorCode }) => errorCode)).toEqual([0, 25, 0]);
    expect(await bench.describe(leader.groupId)).toMatchObject({
      state: 'Empty',
      protocolType: 'consumer',
      protocol: '',
      members: [],
    });
    expect(await hears(leader)).toEqual({
      heartbeat: 'UNKNOWN_MEMBER_ID',
      commit: 'UNKNOWN_MEMBER_ID',
      sync: 'UNKNOWN_MEMBER_ID',
    });
    expect(await leader.join()).toMatchObject({ error: 'UNKNOWN_MEMBER_ID', memberId: leader.memberId });
    const next = await bench.member(leader.groupId);
    expect(await next.join({ protocolType: 'connect', protocols: protocolsOf(['any']) })).toMatchObject({
      error: 'NONE',
      generationId: 4,
      leader: next.memberId,
    });
  });
});
