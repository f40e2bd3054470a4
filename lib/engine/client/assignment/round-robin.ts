import type { TopicPartition } from '../consumer-client.js';

/** A member of the group and what it wants to read. */
export interface Subscriber {
  memberId: string;
  topics: readonly string[];
}

/** Topic → partitions, for each member. */
export type Assignment = Map<string, Record<string, number[]>>;

/**
 * Deals the partitions out in turn, each to the next member that subscribed to its topic: the same result as the Java
 * client's `RoundRobinAssignor`, so that both can share a group under that protocol's name.
 */
export function assignRoundRobin(
  members: readonly Subscriber[],
  partitionCounts: ReadonlyMap<string, number>,
): Assignment {
  const sorted = [...members].sort((a, b) => compare(a.memberId, b.memberId));
  const assignment: Assignment = new Map(sorted.map(({ memberId }) => [memberId, noTopics()]));
  let turn = 0;
  for (const { topic, partition } of allPartitions(sorted, partitionCounts)) {
    while (!sorted[turn % sorted.length]!.topics.includes(topic)) turn++;
    const owned = assignment.get(sorted[turn++ % sorted.length]!.memberId)!;
    (owned[topic] ??= []).push(partition);
  }
  return assignment;
}

/** Without a prototype: a topic may be called `constructor`. */
function noTopics(): Record<string, number[]> {
  return Object.create(null) as Record<string, number[]>;
}

function allPartitions(members: readonly Subscriber[], counts: ReadonlyMap<string, number>): TopicPartition[] {
  const topics = [...new Set(members.flatMap((member) => member.topics))].sort(compare);
  return topics.flatMap((topic) =>
    Array.from({ length: counts.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A member's partitions as a flat list. */
export function flatten(owned: Record<string, number[]>): TopicPartition[] {
  return Object.entries(owned).flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));
}
