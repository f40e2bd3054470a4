import fc from 'fast-check';
import type { Assignment, GroupMember } from '../../../../../lib/engine/client/assignment/assignor.js';
import { unknownGeneration, type Subscription } from '../../../../../lib/engine/client/assignment/consumer-protocol.js';
import type { Claimant } from '../../../../../lib/engine/client/assignment/sticky.js';
import { partitionName, type TopicPartition } from '../../../../../lib/engine/client/consumer-client.js';

/** Names that have something to say: properties of objects, and one that another partition's name begins with. */
const topicNames = ['orders', 'orders-1', 'constructor', '__proto__', 'toString'];

export const anyTopic = fc.constantFrom(...topicNames);

export const anyTopology = fc
  .uniqueArray(fc.tuple(anyTopic, fc.nat(8)), { selector: ([topic]) => topic })
  .map((entries) => new Map(entries));

export const memberIds = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 7 });

const anyPartition = fc.record({ topic: anyTopic, partition: fc.integer({ min: -1, max: 9 }) });

/** Members that agree neither on topics nor on who owns what. */
export const anyClaimants: fc.Arbitrary<Claimant[]> = memberIds.chain((ids) =>
  fc.tuple(
    ...ids.map((memberId) =>
      fc.record({
        memberId: fc.constant(memberId),
        topics: fc.array(anyTopic, { maxLength: 5 }),
        owned: fc.array(anyPartition, { maxLength: 12 }),
        generation: fc.integer({ min: -1, max: 3 }),
      }),
    ),
  ),
);

/** The same, all with one subscription. */
export const anyEqualClaimants: fc.Arbitrary<Claimant[]> = fc
  .tuple(anyClaimants, fc.uniqueArray(anyTopic, { minLength: 1 }))
  .map(([members, topics]) => members.map((member) => ({ ...member, topics })));

export function claimant(memberId: string, topics: readonly string[], owned: readonly TopicPartition[] = []): Claimant {
  return { memberId, topics, owned, generation: 1 };
}

export function member(memberId: string, subscription: Partial<Subscription>): GroupMember {
  const empty = { topics: [], userData: Buffer.alloc(0), owned: [], generation: unknownGeneration };
  return { memberId, instanceId: null, subscription: { ...empty, ...subscription } };
}

/** `partitions('orders', 0, 2)` */
export function partitions(topic: string, ...numbers: number[]): TopicPartition[] {
  return numbers.map((partition) => ({ topic, partition }));
}

export function counts(topology: Record<string, number>): Map<string, number> {
  return new Map(Object.entries(topology));
}

/** What each member has, as sorted names: `{ a: ['orders-0'] }`. */
export function names(assignment: Assignment): Record<string, string[]> {
  return Object.fromEntries([...assignment].map(([id, owned]) => [id, owned.map(partitionName).sort()]));
}

/** Who has each partition, by its name. */
export function ownersOf(assignment: Assignment): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (const [memberId, owned] of assignment) {
    for (const partition of owned) {
      const name = partitionName(partition);
      owners.set(name, [...(owners.get(name) ?? []), memberId]);
    }
  }
  return owners;
}

/** Each partition that exists and has a subscriber. */
export function wantedPartitions(
  members: readonly { topics: readonly string[] }[],
  topology: ReadonlyMap<string, number>,
): TopicPartition[] {
  const wanted = new Set(members.flatMap(({ topics }) => topics));
  return [...wanted].flatMap((topic) => partitions(topic, ...Array(topology.get(topic) ?? 0).keys()));
}

/**
 * By how much the best chain of moves would narrow the gap between two members: below 2 there is none worth it, and no
 * other division is more even. Found the long way round: which member can pass something on to which, then through third
 * ones.
 */
export function widestGap(members: readonly { memberId: string; topics: readonly string[] }[], assignment: Assignment) {
  const load = ({ memberId }: { memberId: string }): number => assignment.get(memberId)!.length;
  const reaches = members.map((from) =>
    members.map((to) => assignment.get(from.memberId)!.some(({ topic }) => to.topics.includes(topic))),
  );
  for (const via of members.keys()) {
    for (const from of members.keys()) {
      if (!reaches[from]![via]) continue;
      for (const to of members.keys()) reaches[from]![to] ||= reaches[via]![to]!;
    }
  }
  const gaps = members.flatMap((from, f) => members.map((to, t) => (reaches[f]![t] ? load(from) - load(to) : 0)));
  return Math.max(0, ...gaps);
}
