import type { TopicPartition } from '../consumer-client.js';
import type { Assignment, Assignor, GroupMember } from './assignor.js';
import { inOrder } from './member-order.js';
import { partitionsOf } from './topic-partitions.js';

/**
 * The Java client's `RoundRobinAssignor`, offered under kafkajs's name as well, so that members of either can share a
 * group.
 */
export const roundRobinAssignor: Assignor = {
  names: ['roundrobin', 'RoundRobinAssigner'],
  cooperative: false,
  userData: () => Buffer.alloc(0),
  assign: assignRoundRobin,
};

/** Deals the partitions out in turn, each to the next member that subscribed to its topic. */
function assignRoundRobin(members: readonly GroupMember[], partitionCounts: ReadonlyMap<string, number>): Assignment {
  const hands = inOrder(members).map(({ memberId, subscription }) => ({
    memberId,
    topics: new Set(subscription.topics),
    partitions: [] as TopicPartition[],
  }));
  const topics = hands.flatMap((hand) => [...hand.topics]);
  let turn = 0;
  for (const partition of partitionsOf(topics, partitionCounts)) {
    while (!hands[turn % hands.length]!.topics.has(partition.topic)) turn++;
    hands[turn++ % hands.length]!.partitions.push(partition);
  }
  return new Map(hands.map(({ memberId, partitions }) => [memberId, partitions]));
}
