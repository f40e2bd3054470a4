import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { GroupMember } from '../../../../../lib/engine/client/assignment/assignor.js';
import { roundRobinAssignor } from '../../../../../lib/engine/client/assignment/round-robin-assignor.js';
import { partitionName } from '../../../../../lib/engine/client/consumer-client.js';
import {
  anyClaimants,
  anyEqualClaimants,
  anyTopology,
  counts,
  member,
  names,
  ownersOf,
  wantedPartitions,
} from './groups.js';

const { assign } = roundRobinAssignor;

describe('The round robin assignor', () => {
  it("goes by Java's name and by kafkajs's", () => {
    expect(roundRobinAssignor.names).toEqual(['roundrobin', 'RoundRobinAssigner']);
  });

  it('is eager, and has nothing to tell but topics', () => {
    expect(roundRobinAssignor.cooperative).toBe(false);
    expect(roundRobinAssignor.userData([{ topic: 'orders', partition: 0 }], 3)).toHaveLength(0);
  });

  it('deals partitions out in turn, topics and members in the order of their names', () => {
    const members = [subscriber('b', 'orders', 'payments'), subscriber('a', 'payments', 'orders')];

    expect(names(assign(members, counts({ payments: 2, orders: 3 })))).toEqual({
      a: ['orders-0', 'orders-2', 'payments-1'],
      b: ['orders-1', 'payments-0'],
    });
  });

  it('serves static members first, by the name that outlives their process', () => {
    const members = [
      subscriber('a', 'orders'),
      { ...subscriber('b', 'orders'), instanceId: 'second' },
      { ...subscriber('c', 'orders'), instanceId: 'first' },
    ];
    const expected = { c: ['orders-0'], b: ['orders-1'], a: ['orders-2'] };

    expect(names(assign(members, counts({ orders: 3 })))).toEqual(expected);
    expect(names(assign([...members].reverse(), counts({ orders: 3 })))).toEqual(expected);
  });

  it('does not depend on the order of the members', () => {
    const members = ['a', 'b', 'c'].map((id) => subscriber(id, 'orders'));

    const assignment = assign(members, counts({ orders: 7 }));

    expect(assign([...members].reverse(), counts({ orders: 7 }))).toEqual(assignment);
  });

  it('gives a topic only to those who subscribed to it', () => {
    const members = [subscriber('a', 'orders'), subscriber('b', 'orders', 'payments')];

    expect(names(assign(members, counts({ orders: 2, payments: 2 })))).toEqual({
      a: ['orders-0'],
      b: ['orders-1', 'payments-0', 'payments-1'],
    });
  });

  it('has nothing for a member when there are fewer partitions than members', () => {
    const members = ['a', 'b'].map((id) => subscriber(id, 'orders'));

    expect(assign(members, counts({ orders: 1 })).get('b')).toEqual([]);
  });

  it('leaves out topics that do not exist', () => {
    expect(assign([subscriber('a', 'gone')], counts({})).get('a')).toEqual([]);
  });

  it.each(['constructor', 'toString'])('takes "%s" for a topic like any other', (topic) => {
    expect(assign([subscriber('a', topic)], counts({ [topic]: 2 })).get('a')).toEqual([
      { topic, partition: 0 },
      { topic, partition: 1 },
    ]);
  });

  it('assigns each partition of a subscribed topic once, and only to a subscriber', () => {
    fc.assert(
      fc.property(anyClaimants, anyTopology, (claimants, topology) => {
        const assignment = assign(claimants.map(toMember), topology);
        const owners = ownersOf(assignment);

        expect([...assignment.keys()].sort()).toEqual(claimants.map(({ memberId }) => memberId).sort());
        expect([...owners.keys()].sort()).toEqual(wantedPartitions(claimants, topology).map(partitionName).sort());
        expect([...owners.values()].filter((ids) => ids.length !== 1)).toEqual([]);
        for (const { memberId, topics } of claimants) {
          expect(topics).toEqual(expect.arrayContaining(assignment.get(memberId)!.map(({ topic }) => topic)));
        }
      }),
    );
  });

  it('gives members with the same subscription the same number of partitions, but for one', () => {
    fc.assert(
      fc.property(anyEqualClaimants, anyTopology, (claimants, topology) => {
        const sizes = [...assign(claimants.map(toMember), topology).values()].map((owned) => owned.length);

        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

function subscriber(memberId: string, ...topics: string[]): GroupMember {
  return member(memberId, { topics });
}

function toMember({ memberId, topics }: { memberId: string; topics: readonly string[] }): GroupMember {
  return subscriber(memberId, ...topics);
}
