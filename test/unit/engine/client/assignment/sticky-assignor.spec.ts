import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { GroupMember } from '../../../../../lib/engine/client/assignment/assignor.js';
import { stickyAssignor } from '../../../../../lib/engine/client/assignment/sticky-assignor.js';
import { anyClaimants, anyTopology, counts, member, names, partitions, widestGap } from './groups.js';

const { assign, userData } = stickyAssignor;

/** As kafka-clients 4.1.1 wrote it: a-0, b-1 and b-2 of generation 7; and as it was before it had a generation. */
const previousAssignment = '00000002  0001 61 00000001 00000000  0001 62 00000002 00000001 00000002';
const generation7 = hex(`${previousAssignment} 00000007`);
const withoutGeneration = hex(previousAssignment);

describe('The sticky assignor', () => {
  it('is eager', () => {
    expect(stickyAssignor).toMatchObject({ names: ['sticky'], cooperative: false });
  });

  it('tells what a member has had byte by byte as the Java client does', () => {
    expect(userData([...partitions('b', 2, 1), ...partitions('a', 0)], 7)).toEqual(generation7);
  });

  it.each([
    ['with a generation', generation7],
    ['without one', withoutGeneration],
  ])('gives members back what they had, told %s', (_, bytes) => {
    const members = [reader('m1'), reader('m2', bytes)];

    expect(names(assign(members, counts({ a: 2, b: 3 })))).toEqual({ m1: ['a-1', 'b-0'], m2: ['a-0', 'b-1', 'b-2'] });
  });

  it('believes who tells a generation over who does not', () => {
    const members = [reader('m1', withoutGeneration), reader('m2', generation7)];

    expect(names(assign(members, counts({ a: 1, b: 3 }))).m2).toEqual(expect.arrayContaining(['a-0', 'b-1']));
  });

  it.each([Buffer.alloc(0), hex('00'), hex('00000001 ffff'), hex('7fffffff')])(
    'takes a member that tells %j for a new one',
    (bytes) => {
      expect(names(assign([reader('m1', bytes)], counts({ a: 1 })))).toEqual({ m1: ['a-0'] });
    },
  );

  it('does not go by what a member holds while it rejoins: in an eager rebalance that is nothing', () => {
    const members = [
      reader('m1', generation7),
      member('m2', { topics: ['a'], owned: partitions('a', 0), generation: 9 }),
    ];

    expect(names(assign(members, counts({ a: 2 })))).toEqual({ m1: ['a-0'], m2: ['a-1'] });
  });

  it('does not depend on the order of the members', () => {
    fc.assert(
      fc.property(anyGroup, anyTopology, (members, topology) => {
        expect(names(assign([...members].reverse(), topology))).toEqual(names(assign(members, topology)));
      }),
    );
  });

  it('moves nothing while nothing changes, and stays even', () => {
    fc.assert(
      fc.property(anyGroup, anyTopology, (members, topology) => {
        const first = assign(members, topology);
        const rejoining = members.map(({ memberId, subscription: { topics } }) =>
          member(memberId, { topics, userData: userData(first.get(memberId)!, 8) }),
        );

        expect(names(assign(rejoining, topology))).toEqual(names(first));
        expect(widestGap(members.map(asSubscriber), first)).toBeLessThan(2);
      }),
    );
  });
});

const anyGroup = anyClaimants.map((claimants) =>
  claimants.map(({ memberId, topics, owned, generation }) =>
    member(memberId, { topics, userData: userData(owned, generation) }),
  ),
);

function reader(memberId: string, bytes: Buffer = Buffer.alloc(0)): GroupMember {
  return member(memberId, { topics: ['a', 'b'], userData: bytes });
}

function asSubscriber({ memberId, subscription: { topics } }: GroupMember): {
  memberId: string;
  topics: readonly string[];
} {
  return { memberId, topics };
}

function hex(bytes: string): Buffer {
  return Buffer.from(bytes.replaceAll(' ', ''), 'hex');
}
