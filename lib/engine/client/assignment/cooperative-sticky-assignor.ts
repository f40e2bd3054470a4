import { partitionName, type TopicPartition } from '../consumer-client.js';
import type { Assignment, Assignor, GroupMember } from './assignor.js';
import { ByteWriter } from './byte-writer.js';
import { unknownGeneration, type Subscription } from './consumer-protocol.js';
import { grouped } from './grouped.js';
import { inOrder } from './member-order.js';
import { assignSticky } from './sticky.js';

const generationBytes = 4;

/**
 * The Java client's `CooperativeStickyAssignor` (KIP-429): members go on with what they own while they rejoin. A
 * partition that is to move is given to nobody at first; its owner misses it in its assignment, lets go of it and
 * rejoins, and then it is free for the other.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-429%3A+Kafka+Consumer+Incremental+Rebalance+Protocol
 */
export const cooperativeStickyAssignor: Assignor = {
  names: ['cooperative-sticky'],
  cooperative: true,

  userData: (_owned, generation) => new ByteWriter().int32(generation).bytes,

  assign(members, partitionCounts) {
    const claimants = inOrder(members).map(({ memberId, subscription }) => ({
      memberId,
      topics: subscription.topics,
      owned: subscription.owned,
      generation: generationOf(subscription),
    }));
    return withholdClaimed(assignSticky(claimants, partitionCounts), members);
  },
};

/** Before subscriptions had a field for the generation it was in the user data. */
function generationOf({ generation, userData }: Subscription): number {
  if (generation >= 0) return generation;
  return userData.length >= generationBytes ? userData.readInt32BE() : unknownGeneration;
}

/** Leaves out what any member but the new owner still claims, be the claim ever so old: it may be at work on it. */
function withholdClaimed(assignment: Assignment, members: readonly GroupMember[]): Assignment {
  const claimants = claimantsByPartition(members);
  const isFreeFor = (memberId: string) => (partition: TopicPartition) =>
    (claimants.get(partitionName(partition)) ?? []).every((claimant) => claimant === memberId);
  return new Map([...assignment].map(([memberId, partitions]) => [memberId, partitions.filter(isFreeFor(memberId))]));
}

function claimantsByPartition(members: readonly GroupMember[]): Map<string, string[]> {
  return grouped(
    members.flatMap(({ memberId, subscription }) =>
      subscription.owned.map((partition) => [partitionName(partition), memberId] as const),
    ),
  );
}
