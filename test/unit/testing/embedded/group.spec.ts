import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Group } from '../../../../lib/testing/embedded/groups/group.js';
import { type JoinRequest, type JoinResult } from '../../../../lib/testing/embedded/groups/member.js';
import { type Refusal } from '../../../../lib/testing/embedded/protocol/errors.js';

const client = { clientId: 'test', clientHost: '/127.0.0.1' };
let group: Group;

beforeEach(() => {
  jest.useFakeTimers();
  group = new Group('group');
});

afterEach(() => {
  group.close();
  jest.useRealTimers();
});

function request(overrides: Partial<JoinRequest> = {}): JoinRequest {
  return {
    groupId: 'group',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 30_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('topics') }],
    ...overrides,
  };
}

async function newId(overrides: Partial<JoinRequest> = {}): Promise<string> {
  const refusal = await group.join(request(overrides), client).catch((error: unknown) => error as Refusal);
  return (refusal as Refusal).fields.memberId as string;
}

function join(memberId: string, overrides: Partial<JoinRequest> = {}): Promise<JoinResult> {
  const joining = group.join(request({ memberId, ...overrides }), client);
  joining.catch(() => undefined);
  return joining;
}

async function sync(memberId: string, assignments: Record<string, string> = {}, groupInstanceId: string | null = null) {
  const { id: groupId, generation: generationId } = group;
  const list = Object.entries(assignments).map(([id, text]) => ({ memberId: id, assignment: Buffer.from(text) }));
  return String(await group.sync({ groupId, generationId, memberId, groupInstanceId, assignments: list }));
}

function heartbeat(memberId: string): void {
  group.heartbeat({ groupId: 'group', generationId: group.generation, memberId, groupInstanceId: null });
}

/** A stable group of one. */
async function settled(overrides: Partial<JoinRequest> = {}): Promise<string> {
  const id = await newId(overrides);
  await join(id, overrides);
  await sync(id, { [id]: 'all' });
  return id;
}

const reason = (name: string): unknown => expect.objectContaining({ reason: name });

describe('a group', () => {
  test('goes from empty to stable and back', async () => {
    expect(group.state).toBe('Empty');
    const id = await newId();
    await join(id);
    expect([group.state, group.generation, group.leader]).toEqual(['CompletingRebalance', 1, id]);
    await sync(id, { [id]: 'all' });
    expect(group.state).toBe('Stable');
    group.leave({ memberId: id, groupInstanceId: null });
    expect([group.state, group.generation]).toEqual(['Empty', 2]);
  });

  test('waits for all members to join, and no longer than the rebalance timeout', async () => {
    const slow = await settled({ sessionTimeoutMs: 100_000 });
    const quick = await newId();
    const joining = join(quick);
    expect(group.state).toBe('PreparingRebalance');
    jest.advanceTimersByTime(29_999);
    expect(group.state).toBe('PreparingRebalance');
    jest.advanceTimersByTime(1);
    expect((await joining).members.map(({ memberId }) => memberId)).toEqual([quick]);
    expect(() => heartbeat(slow)).toThrow(reason('UNKNOWN_MEMBER_ID'));
  });

  test('waits for a member that was given an id, until its session would have ended', async () => {
    const first = await settled();
    await newId({ sessionTimeoutMs: 6000 });
    const joining = join(first, { protocols: [{ name: 'range', metadata: Buffer.from('changed') }] });
    expect(group.state).toBe('PreparingRebalance');
    jest.advanceTimersByTime(6000);
    expect((await joining).generationId).toBe(2);
  });

  test('evicts members that fall silent, not those that it keeps waiting', async () => {
    const silent = await settled({ sessionTimeoutMs: 6000, rebalanceTimeoutMs: 60_000 });
    const waiting = await newId({ sessionTimeoutMs: 6000 });
    const joining = join(waiting, { sessionTimeoutMs: 6000 });
    jest.advanceTimersByTime(5999);
    expect(group.members.size).toBe(2);
    jest.advanceTimersByTime(1);
    expect((await joining).leader).toBe(waiting);
    expect(() => heartbeat(silent)).toThrow(reason('UNKNOWN_MEMBER_ID'));
  });

  test('keeps members that send heartbeats', async () => {
    const id = await settled({ sessionTimeoutMs: 6000 });
    for (let i = 0; i < 10; i++) {
      jest.advanceTimersByTime(5000);
      heartbeat(id);
    }
    jest.advanceTimersByTime(6000);
    expect(group.state).toBe('Empty');
  });

  const changed = { protocols: [{ name: 'range', metadata: Buffer.from('changed') }], sessionTimeoutMs: 100_000 };

  test.each([
    ['is given its assignment', (leader: string) => sync(leader, {})],
    ['is told to join again', async (leader: string) => void join(leader, changed)],
  ])('begins the session of a member anew that waited and %s', async (_how, answer) => {
    const leader = await settled({ sessionTimeoutMs: 100_000 });
    const follower = await newId();
    await Promise.all([join(follower), join(leader, { sessionTimeoutMs: 100_000 })]);
    const waiting = sync(follower).catch((error: Refusal) => error.reason);
    jest.advanceTimersByTime(9999);
    await answer(leader);
    await waiting;
    jest.advanceTimersByTime(9999);
    expect(group.members.size).toBe(2);
    jest.advanceTimersByTime(1);
    expect(group.members.size).toBe(1);
  });

  test('drops members that never ask for their assignment', async () => {
    const leader = await settled({ sessionTimeoutMs: 100_000 });
    const lost = await newId();
    const overrides = { sessionTimeoutMs: 100_000 };
    const joined = [join(lost, overrides), join(leader, overrides)];
    await Promise.all(joined);
    await sync(leader, { [leader]: 'a', [lost]: 'b' });
    jest.advanceTimersByTime(30_000);
    expect(group.state).toBe('PreparingRebalance');
    expect(group.members.all().map(({ id }) => id)).toEqual([leader]);
  });

  test('gathers members before its first rebalance when told to', async () => {
    group = new Group('group', 3000);
    const [one, two] = [await newId(), await newId()];
    const joining = [join(one), join(two)];
    expect(group.generation).toBe(0);
    jest.advanceTimersByTime(3000);
    expect((await Promise.all(joining)).map(({ generationId }) => generationId)).toEqual([1, 1]);
  });

  test('answers waiting members when it is closed', async () => {
    await settled();
    const joining = join(await newId());
    group.close();
    await expect(joining).rejects.toMatchObject({ reason: 'GROUP_COORDINATOR_NOT_AVAILABLE' });
    expect(jest.getTimerCount()).toBe(0);
  });

  test('rebalances when forced to', async () => {
    const id = await settled();
    group.forceRebalance();
    expect(() => heartbeat(id)).toThrow(reason('REBALANCE_IN_PROGRESS'));
    expect((await join(id)).generationId).toBe(2);
  });
});

describe('a member that joins again', () => {
  test('with nothing new gets the present generation, unless it leads', async () => {
    const leader = await settled();
    const follower = await newId();
    await Promise.all([join(follower), join(leader)]);
    await Promise.all([sync(leader, { [leader]: 'a', [follower]: 'b' }), sync(follower)]);
    expect((await join(follower)).generationId).toBe(2);
    expect(group.state).toBe('Stable');
    void join(leader);
    expect(group.state).toBe('PreparingRebalance');
  });

  test('with other topics makes the group rebalance', async () => {
    await settled();
    const id = [...group.members.all()][0]?.id as string;
    const joining = join(id, { protocols: [{ name: 'range', metadata: Buffer.from('more topics') }] });
    expect((await joining).generationId).toBe(2);
  });
});

describe('a static member', () => {
  const groupInstanceId = 'instance';

  test('keeps its assignment across a return, and its predecessor is fenced', async () => {
    const { memberId: before } = await join('', { groupInstanceId });
    await sync(before, { [before]: 'all' }, groupInstanceId);
    const { memberId: after, generationId, leader } = await join('', { groupInstanceId });
    expect([generationId, leader, group.leader]).toEqual([1, before, after]);
    expect(await sync(after, {}, groupInstanceId)).toBe('all');
    await expect(sync(before, {}, groupInstanceId)).rejects.toMatchObject({ reason: 'FENCED_INSTANCE_ID' });
  });

  test('makes the group rebalance when it returns before everybody has an assignment', async () => {
    await join('', { groupInstanceId });
    expect((await join('', { groupInstanceId })).generationId).toBe(2);
  });

  test('is not left behind by a rebalance it misses, only by its session', async () => {
    const overrides = { groupInstanceId, sessionTimeoutMs: 60_000 };
    const { memberId } = await join('', overrides);
    await sync(memberId, { [memberId]: 'all' }, groupInstanceId);
    const other = await newId();
    const joining = join(other);
    jest.advanceTimersByTime(30_000);
    expect((await joining).members.map((member) => member.memberId).sort()).toEqual([memberId, other].sort());
  });

  test('has its session begin anew with a generation that it missed', async () => {
    const overrides = { groupInstanceId, sessionTimeoutMs: 40_000 };
    const { memberId } = await join('', overrides);
    await sync(memberId, { [memberId]: 'all' }, groupInstanceId);
    const other = await newId();
    const joining = join(other);
    jest.advanceTimersByTime(30_000);
    await sync((await joining).memberId, { [memberId]: 'all' });
    await sync(memberId, {}, groupInstanceId);
    heartbeat(other);
    jest.advanceTimersByTime(9_999);
    heartbeat(other);
    jest.advanceTimersByTime(1);
    expect(group.members.size).toBe(2);
  });
});
