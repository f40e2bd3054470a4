import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  assignRoundRobin,
  flatten,
  type Assignment,
  type Subscriber,
} from '../../../../../lib/engine/client/assignment/round-robin.js';

describe('assignRoundRobin', () => {
  it('deals partitions out in turn, topics and members in the order of their names', () => {
    const members = [subscriber('b', 'orders', 'payments'), subscriber('a', 'payments', 'orders')];

    const assignment = assignRoundRobin(members, counts({ payments: 2, orders: 3 }));

    expect(Object.fromEntries(assignment)).toEqual({
      a: { orders: [0, 2], payments: [1] },
      b: { orders: [1], payments: [0] },
    });
  });

  it('does not depend on the order of the members', () => {
    const members = ['a', 'b', 'c'].map((id) => subscriber(id, 'orders'));

    const assignment = assignRoundRobin(members, counts({ orders: 7 }));

    expect(assignRoundRobin([...members].reverse(), counts({ orders: 7 }))).toEqual(assignment);
  });

  it('gives a topic only to those who subscribed to it', () => {
    const members = [subscriber('a', 'orders'), subscriber('b', 'orders', 'payments')];

    const assignment = assignRoundRobin(members, counts({ orders: 2, payments: 2 }));

    expect(assignment.get('a')).toEqual({ orders: [0] });
    expect(assignment.get('b')).toEqual({ orders: [1], payments: [0, 1] });
  });

  it('has nothing for a member when there are fewer partitions than members', () => {
    const members = ['a', 'b'].map((id) => subscriber(id, 'orders'));

    expect(assignRoundRobin(members, counts({ orders: 1 })).get('b')).toEqual({});
  });

  it('leaves out topics that do not exist', () => {
    expect(assignRoundRobin([subscriber('a', 'gone')], counts({})).get('a')).toEqual({});
  });

  it.each(['constructor', 'toString'])('takes "%s" for a topic like any other', (topic) => {
    const owned = assignRoundRobin([subscriber('a', topic)], counts({ [topic]: 2 })).get('a')!;

    expect(flatten(owned)).toEqual([
      { topic, partition: 0 },
      { topic, partition: 1 },
    ]);
  });

  it('assigns each partition of a subscribed topic once, and only to a subscriber', () => {
    fc.assert(
      fc.property(anyGroup, anyTopology, (members, topology) => {
        const owners = ownersOf(assignRoundRobin(members, topology));
        const wanted = new Set(members.flatMap(({ topics }) => topics));

        for (const [topic, partitions] of topology) {
          for (let partition = 0; partition < partitions; partition++) {
            const memberIds = owners.get(`${topic}-${partition}`) ?? [];
            expect(memberIds).toHaveLength(wanted.has(topic) ? 1 : 0);
            for (const id of memberIds) expect(topicsOf(members, id)).toContain(topic);
          }
        }
      }),
    );
  });

  it('assigns nothing but existing partitions, to every member by name', () => {
    fc.assert(
      fc.property(anyGroup, anyTopology, (members, topology) => {
        const assignment = assignRoundRobin(members, topology);

        expect([...assignment.keys()].sort()).toEqual(members.map(({ memberId }) => memberId).sort());
        for (const { topic, partition } of [...assignment.values()].flatMap(flatten)) {
          expect(partition).toBeLessThan(topology.get(topic) ?? 0);
        }
      }),
    );
  });

  it('gives members with the same subscription the same number of partitions, but for one', () => {
    fc.assert(
      fc.property(memberIds, anyTopology, (ids, topology) => {
        const members = ids.map((id) => subscriber(id, ...topology.keys()));

        const sizes = [...assignRoundRobin(members, topology).values()].map((owned) => flatten(owned).length);

        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

const topic = fc.constantFrom<string[]>('orders', 'payments', 'refunds', 'users');
const memberIds = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 6 });
const anyGroup = memberIds.chain((ids) =>
  fc.tuple(...ids.map((memberId) => fc.record({ memberId: fc.constant(memberId), topics: fc.uniqueArray(topic) }))),
);
const anyTopology = fc.array(fc.tuple(topic, fc.nat(8))).map((entries) => new Map(entries));

function subscriber(memberId: string, ...topics: string[]): Subscriber {
  return { memberId, topics };
}

function counts(partitions: Record<string, number>): Map<string, number> {
  return new Map(Object.entries(partitions));
}

function topicsOf(members: readonly Subscriber[], id: string): readonly string[] {
  return members.find(({ memberId }) => memberId === id)!.topics;
}

/** Who owns each partition. */
function ownersOf(assignment: Assignment): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (const [memberId, owned] of assignment) {
    for (const { topic, partition } of flatten(owned)) {
      const name = `${topic}-${partition}`;
      owners.set(name, [...(owners.get(name) ?? []), memberId]);
    }
  }
  return owners;
}
