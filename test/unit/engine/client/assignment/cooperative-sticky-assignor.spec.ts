import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Assignment, GroupMember } from '../../../../../lib/engine/client/assignment/assignor.js';
import { cooperativeStickyAssignor } from '../../../../../lib/engine/client/assignment/cooperative-sticky-assignor.js';
import { assignSticky } from '../../../../../lib/engine/client/assignment/sticky.js';
import { partitionName, type TopicPartition } from '../../../../../lib/engine/client/consumer-client.js';
import {
  anyClaimants,
  anyTopic,
  anyTopology,
  counts,
  member,
  names,
  ownersOf,
  partitions,
  wantedPartitions,
  widestGap,
} from './groups.js';

const { assign, userData } = cooperativeStickyAssignor;

describe('The cooperative sticky assignor', () => {
  it('lets members go on while they rejoin', () => {
    expect(cooperativeStickyAssignor).toMatchObject({ names: ['cooperative-sticky'], cooperative: true });
  });

  it.each([
    [7, '00000007'],
    [-1, 'ffffffff'],
  ])('tells generation %d byte by byte as the Java client does', (generation, bytes) => {
    expect(userData(partitions('orders', 0), generation).toString('hex')).toBe(bytes);
  });

  it('gives a partition that moves to nobody until its owner has let go of it', () => {
    const owner = member('a', { topics: ['orders'], owned: partitions('orders', 0, 1), generation: 1 });
    const joining = member('b', { topics: ['orders'] });

    const first = assign([owner, joining], counts({ orders: 2 }));

    expect(names(first)).toEqual({ a: ['orders-0'], b: [] });
    expect(names(assign([holding(owner, first), holding(joining, first)], counts({ orders: 2 })))).toEqual({
      a: ['orders-0'],
      b: ['orders-1'],
    });
  });

  it('withholds what a member claims that has missed a generation', () => {
    const late = member('a', { topics: ['orders'], owned: partitions('orders', 0), generation: 1 });
    const owner = member('b', { topics: ['orders'], owned: partitions('orders', 0), generation: 2 });

    expect(names(assign([late, owner], counts({ orders: 1 })))).toEqual({ a: [], b: [] });
  });

  it('withholds what a member claims that has dropped the topic', () => {
    const owner = member('a', { topics: [], owned: partitions('orders', 0), generation: 1 });

    expect(names(assign([owner, member('b', { topics: ['orders'] })], counts({ orders: 1 })))).toEqual({
      a: [],
      b: [],
    });
  });

  it.each([
    ['in the subscription', { generation: 3 }, { generation: 2, userData: userData([], 9) }],
    ['in the user data of older clients', { userData: userData([], 3) }, { userData: userData([], 2) }],
    ['in one or the other', { userData: userData([], 3) }, { generation: 2 }],
    ['that one does not tell', { generation: 0 }, { userData: Buffer.from('old') }],
  ])('believes the newer claim, so that the other has room: generations %s', (_, newer, older) => {
    const claim = { topics: ['orders', 'payments'], owned: partitions('orders', 0, 1) };
    const members = [member('a', { ...claim, ...older }), member('b', { ...claim, ...newer })];

    expect(names(assign(members, counts({ orders: 2, payments: 2 })))).toEqual({
      a: ['payments-0', 'payments-1'],
      b: [],
    });
  });
});

describe('Of any group, the cooperative sticky assignor', () => {
  it('gives nobody what another claims, and only to subscribers, and nothing twice', () => {
    fc.assert(
      fc.property(anyGroup, anyTopology, (members, topology) => {
        const assignment = assign(members, topology);

        for (const [name, [owner, ...others]] of ownersOf(assignment)) {
          expect(others).toEqual([]);
          expect(claimantsOf(name, members).filter((id) => id !== owner)).toEqual([]);
        }
        for (const { memberId, subscription } of members) {
          const topics = assignment.get(memberId)!.map(({ topic }) => topic);
          expect(subscription.topics).toEqual(expect.arrayContaining(topics));
        }
      }),
    );
  });

  it('withholds nothing that is free', () => {
    fc.assert(
      fc.property(anyGroup, anyTopology, (members, topology) => {
        const owners = ownersOf(assign(members, topology));
        const wanted = wantedPartitions(members.map(toSubscriber), topology).map(partitionName);

        for (const name of wanted.filter((name) => !owners.has(name)))
          expect(claimantsOf(name, members)).not.toEqual([]);
      }),
    );
  });

  it('comes within two rounds to an assignment that is complete, even, and stays', () => {
    fc.assert(
      fc.property(anyGroup, anyTopology, (members, topology) => {
        const second = round(round(members, topology), topology);
        const assignment = owned(second);
        const subscribers = members.map(toSubscriber);

        expect([...ownersOf(assignment).keys()].sort()).toEqual(
          wantedPartitions(subscribers, topology).map(partitionName).sort(),
        );
        expect(widestGap(subscribers, assignment)).toBeLessThan(2);
        expect(names(owned(round(second, topology)))).toEqual(names(assignment));
      }),
      { numRuns: 300 },
    );
  });

  it('is as even in the end as an eager one', () => {
    fc.assert(
      fc.property(anyGroup, anyTopology, (members, topology) => {
        const claimants = members.map((m) => ({ ...toSubscriber(m), ...m.subscription }));
        const eager = assignSticky(claimants, topology);
        const settled = owned(round(round(members, topology), topology));

        expect(loads(settled)).toEqual(loads(eager));
      }),
    );
  });

  it('never lets two members own a partition, whoever comes, goes, or misses a round', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 12 }), (steps) => {
        let members: GroupMember[] = [];
        steps.forEach((step, generation) => {
          const present = comeAndGo(members, step.topics);
          const next = round(present, step.topology, generation);
          members = next.map((member, index) => (step.misses.includes(index) ? present[index]! : member));

          for (const [name, owners] of ownersOf(owned(members))) expect([name, owners]).toEqual([name, [owners[0]]]);
        });
      }),
      { numRuns: 300 },
    );
  });
});

const anyGroup = anyClaimants.map((claimants) =>
  claimants.map(({ memberId, ...subscription }) => member(memberId, subscription)),
);

/** What happens to a group before and in a round: who reads what (a member that reads nothing has left), who misses it. */
const anyStep = fc.record({
  topics: fc.array(fc.uniqueArray(anyTopic), { minLength: 1, maxLength: 5 }),
  misses: fc.uniqueArray(fc.nat(4), { maxLength: 3 }),
  topology: anyTopology,
});

function comeAndGo(members: readonly GroupMember[], topics: readonly string[][]): GroupMember[] {
  return topics.flatMap((wanted, index) => {
    if (wanted.length === 0) return [];
    const memberId = `m${index}`;
    const before = members.find((other) => other.memberId === memberId) ?? member(memberId, {});
    return [{ ...before, subscription: { ...before.subscription, topics: wanted } }];
  });
}

/** The members as they join after a round: with what it has given them, and nothing else. */
function round(members: readonly GroupMember[], topology: ReadonlyMap<string, number>, generation = 9): GroupMember[] {
  const assignment = assign(members, topology);
  return members.map((member) => holding(member, assignment, generation));
}

function holding(member: GroupMember, assignment: Assignment, generation = 9): GroupMember {
  return {
    ...member,
    subscription: { ...member.subscription, owned: assignment.get(member.memberId)!, generation },
  };
}

function owned(members: readonly GroupMember[]): Map<string, readonly TopicPartition[]> {
  return new Map(members.map(({ memberId, subscription }) => [memberId, subscription.owned]));
}

function claimantsOf(name: string, members: readonly GroupMember[]): string[] {
  const claims = members.filter(({ subscription }) =>
    subscription.owned.some((claim) => partitionName(claim) === name),
  );
  return claims.map(({ memberId }) => memberId);
}

function toSubscriber({ memberId, subscription: { topics } }: GroupMember): {
  memberId: string;
  topics: readonly string[];
} {
  return { memberId, topics };
}

function loads(assignment: Assignment): number[] {
  return [...assignment.values()].map((partitions) => partitions.length).sort((a, b) => a - b);
}
