import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Assignment } from '../../../../../lib/engine/client/assignment/assignor.js';
import { assignSticky, type Claimant } from '../../../../../lib/engine/client/assignment/sticky.js';
import { partitionName, type TopicPartition } from '../../../../../lib/engine/client/consumer-client.js';
import {
  anyClaimants,
  anyEqualClaimants,
  anyTopology,
  claimant,
  counts,
  names,
  ownersOf,
  partitions,
  wantedPartitions,
  widestGap,
} from './groups.js';

describe('assignSticky', () => {
  it('deals out what nobody owns', () => {
    const members = ['a', 'b'].map((id) => claimant(id, ['orders', 'payments']));

    expect(names(assignSticky(members, counts({ orders: 3, payments: 2 })))).toEqual({
      a: ['orders-0', 'orders-2', 'payments-1'],
      b: ['orders-1', 'payments-0'],
    });
  });

  it('leaves owners what is even', () => {
    const members = [
      claimant('a', ['orders'], partitions('orders', 2, 3)),
      claimant('b', ['orders'], partitions('orders', 1)),
    ];

    expect(names(assignSticky(members, counts({ orders: 4 })))).toEqual({
      a: ['orders-2', 'orders-3'],
      b: ['orders-0', 'orders-1'],
    });
  });

  it('gives a member that joins some of each topic', () => {
    const owned = [...partitions('busy', 0, 1, 2, 3), ...partitions('idle', 0, 1, 2, 3)];
    const members = [claimant('a', ['busy', 'idle'], owned), claimant('b', ['busy', 'idle'])];

    expect(names(assignSticky(members, counts({ busy: 4, idle: 4 })))).toEqual({
      a: ['busy-0', 'busy-1', 'idle-0', 'idle-1'],
      b: ['busy-2', 'busy-3', 'idle-2', 'idle-3'],
    });
  });

  it('believes the newer of two claims, and the first member between claims as new', () => {
    const members = [
      { ...claimant('a', ['orders'], partitions('orders', 0, 1)), generation: 4 },
      { ...claimant('b', ['orders'], partitions('orders', 0, 1)), generation: 5 },
      { ...claimant('c', ['orders'], partitions('orders', 0, 1, 2, 3)), generation: 5 },
    ];

    expect(names(assignSticky(members, counts({ orders: 6 })))).toEqual({
      a: ['orders-4', 'orders-5'],
      b: ['orders-0', 'orders-1'],
      c: ['orders-2', 'orders-3'],
    });
  });

  it('believes an old claim that nobody else makes', () => {
    const members = [
      { ...claimant('a', ['orders'], partitions('orders', 1)), generation: 4 },
      { ...claimant('b', ['orders'], partitions('orders', 2)), generation: 5 },
    ];

    expect(names(assignSticky(members, counts({ orders: 3 })))).toEqual({
      a: ['orders-0', 'orders-1'],
      b: ['orders-2'],
    });
  });

  it('does not believe claims on what a member does not read, or what does not exist', () => {
    const members = [
      claimant('a', ['payments'], [...partitions('orders', 0), ...partitions('payments', -1, 7)]),
      claimant('b', ['orders', 'payments']),
    ];

    expect(names(assignSticky(members, counts({ orders: 1, payments: 1 })))).toEqual({
      a: ['payments-0'],
      b: ['orders-0'],
    });
  });

  it('evens out through a third member', () => {
    const members = [
      claimant('a', ['orders'], partitions('orders', 0, 1, 2, 3)),
      claimant('b', ['orders', 'payments'], partitions('payments', 0, 1)),
      claimant('c', ['payments']),
    ];

    const assignment = assignSticky(members, counts({ orders: 4, payments: 2 }));

    expect(sizes(assignment)).toEqual([2, 2, 2]);
    expect(names(assignment).c).toHaveLength(2);
  });

  it('would rather move what is new than what has an owner', () => {
    const members = [
      claimant('a', ['new', 'orders'], partitions('orders', 0)),
      claimant('b', ['new', 'payments'], partitions('payments', 0)),
      claimant('c', ['new']),
    ];

    expect(names(assignSticky(members, counts({ new: 4, orders: 1, payments: 1 })))).toMatchObject({
      a: ['new-1', 'orders-0'],
      b: ['new-2', 'payments-0'],
    });
  });

  it('has nothing for anyone where nobody subscribes to anything', () => {
    expect(names(assignSticky([claimant('a', [])], counts({ orders: 3 })))).toEqual({ a: [] });
  });

  it('divides 2000 partitions of 50 topics among 200 members in well under a second', () => {
    const topics = Array.from({ length: 50 }, (_, index) => `topic-${index}`);
    const all = topics.flatMap((topic) => partitions(topic, ...Array(40).keys()));
    const subscriptions = [topics, topics.slice(10), topics.slice(0, 20), topics.filter((_, index) => index % 3 === 0)];
    const members = Array.from({ length: 200 }, (_, index) =>
      claimant(`m${index}`, subscriptions[index % 4]!, index < 4 ? all : []),
    );

    const start = performance.now();
    const assignment = assignSticky(members, new Map(topics.map((topic) => [topic, 40])));

    expect(performance.now() - start).toBeLessThan(1000);
    expect(sizes(assignment)).toEqual(Array(200).fill(10));
  });
});

describe('Of any members and topics, assignSticky', () => {
  it('assigns each partition that has a subscriber once, to a subscriber', () => {
    forAnyGroup((members, topology, assignment) => {
      const owners = ownersOf(assignment);
      const wanted = wantedPartitions(members, topology);

      expect([...owners.keys()].sort()).toEqual(wanted.map(partitionName).sort());
      expect([...assignment.keys()]).toEqual(members.map(({ memberId }) => memberId));
      for (const { topic, partition } of wanted) {
        const [owner, ...others] = owners.get(partitionName({ topic, partition }))!;
        expect(others).toEqual([]);
        expect(members.find(({ memberId }) => memberId === owner)!.topics).toContain(topic);
      }
    });
  });

  it('is as even as subscriptions allow', () => {
    forAnyGroup((members, _, assignment) => expect(widestGap(members, assignment)).toBeLessThan(2));
  });

  it('changes nothing when nothing has changed', () => {
    forAnyGroup((members, topology, assignment) => {
      expect(names(assignSticky(owning(members, assignment), topology))).toEqual(names(assignment));
    });
  });

  it('completes an assignment that lacks some without moving the rest', () => {
    fc.assert(
      fc.property(anyClaimants, anyTopology, fc.func(fc.boolean()), (members, topology, isLeft) => {
        const assignment = assignSticky(members, topology);
        const rest = new Map(
          [...assignment].map(([id, owned]) => [id, owned.filter((partition) => isLeft(partition))]),
        );

        expect(taken(rest, assignSticky(owning(members, rest), topology))).toEqual([]);
      }),
    );
  });
});

describe('Of members with the same subscription, assignSticky', () => {
  it('gives all the same number of partitions, but for one', () => {
    forAnyEqualGroup((_members, _topology, assignment) => {
      expect(Math.max(...sizes(assignment)) - Math.min(...sizes(assignment))).toBeLessThanOrEqual(1);
    });
  });

  it('takes no more from owners than balance needs', () => {
    forAnyEqualGroup((members, topology, assignment) => {
      const owned = soleClaims(members, topology);
      const before = [...owned.values()].map((claims) => claims.length);

      expect(taken(owned, assignment)).toHaveLength(sum(before) - mostThatCanStay(before, sum(sizes(assignment))));
    });
  });

  it('leaves all others theirs when some leave', () => {
    forAnyEqualGroup((members, topology, assignment) => {
      const survivors = owning(members, assignment).slice(Math.floor(members.length / 3));

      expect(taken(claimsOf(survivors), assignSticky(survivors, topology))).toEqual([]);
    });
  });

  it('takes for a member that joins only what goes to it', () => {
    forAnyEqualGroup((members, topology, assignment) => {
      const joined = [...owning(members, assignment), claimant('one that joins', members[0]!.topics)];

      const next = assignSticky(joined, topology);

      const moved = taken(claimsOf(joined), next);
      expect(moved).toEqual(next.get('one that joins')!.map(partitionName).sort());
      expect(moved).toHaveLength(Math.floor(sum(sizes(next)) / joined.length));
    });
  });
});

type Check = (members: Claimant[], topology: Map<string, number>, assignment: Assignment) => void;

const forAnyGroup = (check: Check): void => forGroups(anyClaimants, check);
const forAnyEqualGroup = (check: Check): void => forGroups(anyEqualClaimants, check);

function forGroups(anyMembers: fc.Arbitrary<Claimant[]>, check: Check): void {
  fc.assert(
    fc.property(anyMembers, anyTopology, (members, topology) =>
      check(members, topology, assignSticky(members, topology)),
    ),
    { numRuns: 300 },
  );
}

function sizes(assignment: Assignment): number[] {
  return [...assignment.values()].map((owned) => owned.length);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** The members, owning what they have been assigned. */
function owning(members: readonly Claimant[], assignment: Assignment): Claimant[] {
  return members.map((member) => ({ ...member, owned: assignment.get(member.memberId)!, generation: 9 }));
}

function claimsOf(members: readonly Claimant[]): Assignment {
  return new Map(members.map(({ memberId, owned }) => [memberId, owned]));
}

/** The partitions that one member had before and has no more, sorted by name. */
function taken(before: Assignment, after: Assignment): string[] {
  const names = [...before].flatMap(([id, owned]) => {
    const kept = new Set(after.get(id)!.map(partitionName));
    return owned.map(partitionName).filter((name) => !kept.has(name));
  });
  return names.sort();
}

/** Of the claims on each wanted partition the one that counts. */
function soleClaims(
  members: readonly Claimant[],
  topology: ReadonlyMap<string, number>,
): Map<string, TopicPartition[]> {
  const claims = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]));
  for (const partition of wantedPartitions(members, topology)) {
    const name = partitionName(partition);
    const claimants = members.filter(({ owned }) => owned.some((claim) => partitionName(claim) === name));
    const newest = Math.max(...claimants.map(({ generation }) => generation));
    const owner = claimants.find(({ generation }) => generation === newest);
    if (owner) claims.get(owner.memberId)!.push(partition);
  }
  return claims;
}

/** All may have the lower share, and as many as it does not come out even for may have one more. */
function mostThatCanStay(owned: readonly number[], total: number): number {
  const share = Math.floor(total / owned.length);
  const above = owned.filter((count) => count > share).length;
  return sum(owned.map((count) => Math.min(count, share))) + Math.min(above, total % owned.length);
}
