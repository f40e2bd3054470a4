import { partitionName, type TopicPartition } from '../consumer-client.js';
import type { Assignment } from './assignor.js';
import { balance, leastLoaded } from './balance.js';
import { grouped } from './grouped.js';
import { Holder } from './holder.js';
import { partitionsOf } from './topic-partitions.js';

/** A member and what it says it owns. */
export interface Claimant {
  memberId: string;
  topics: readonly string[];
  owned: readonly TopicPartition[];

  /** When it was given what it owns: of two claims on a partition the newer one counts. */
  generation: number;
}

/**
 * Divides partitions as evenly as the subscriptions allow, and lets members keep what they own as far as that is even.
 * Does not depend on chance: the same members in the same order give the same result.
 *
 * 1. Owners keep their partitions.
 * 2. Partitions without an owner go to the members with the fewest, and are balanced among them.
 * 3. Where that is not even enough, owners give some up.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-54+-+Sticky+Partition+Assignment+Strategy
 */
export function assignSticky(members: readonly Claimant[], partitionCounts: ReadonlyMap<string, number>): Assignment {
  const holders = new Map(members.map(({ memberId }) => [memberId, new Holder()]));
  const subscribers = subscribersByTopic(members, holders);
  const partitions = partitionsOf(subscribers.keys(), partitionCounts);

  const unowned = keepOwned(partitions, newestClaims(members), holders);
  for (const partition of unowned) leastLoaded(subscribers.get(partition.topic)!).take(partition);
  balance(holders.values(), subscribers);
  for (const holder of holders.values()) holder.release();
  balance(holders.values(), subscribers);

  return new Map([...holders].map(([memberId, holder]) => [memberId, holder.partitions]));
}

function subscribersByTopic(
  members: readonly Claimant[],
  holders: ReadonlyMap<string, Holder>,
): Map<string, readonly Holder[]> {
  return grouped(
    members.flatMap(({ memberId, topics }) => {
      const holder = holders.get(memberId)!;
      return [...new Set(topics)].map((topic) => [topic, holder] as const);
    }),
  );
}

/** Who may keep each partition, by its name. Of claims as new as each other the first member's counts. */
function newestClaims(members: readonly Claimant[]): Map<string, Claimant> {
  const newest = new Map<string, Claimant>();
  for (const member of members) {
    const topics = new Set(member.topics);
    for (const partition of member.owned.filter(({ topic }) => topics.has(topic))) {
      const name = partitionName(partition);
      const rival = newest.get(name);
      if (!rival || rival.generation < member.generation) newest.set(name, member);
    }
  }
  return newest;
}

/** @returns the partitions that nobody owns */
function keepOwned(
  partitions: readonly TopicPartition[],
  claims: ReadonlyMap<string, Claimant>,
  holders: ReadonlyMap<string, Holder>,
): TopicPartition[] {
  return partitions.filter((partition) => {
    const owner = claims.get(partitionName(partition));
    if (owner) holders.get(owner.memberId)!.keep(partition);
    return !owner;
  });
}
