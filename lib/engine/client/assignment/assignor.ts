import type { TopicPartition } from '../consumer-client.js';
import type { Subscription } from './consumer-protocol.js';

/** A member of the group as its leader sees it. */
export interface GroupMember {
  memberId: string;

  /** The `group.instance.id` of a static member (KIP-345). */
  instanceId: string | null;
  subscription: Subscription;
}

/** The partitions of each member, by member id; members without any are in it too. */
export type Assignment = ReadonlyMap<string, readonly TopicPartition[]>;

/** A way to divide the partitions of a group: the leader runs it for all, every member has a vote on which. */
export interface Assignor {
  /** Names the group may vote for, all of them the same assignment. */
  readonly names: readonly string[];

  /** Whether members keep their partitions while they rejoin (KIP-429). */
  readonly cooperative: boolean;

  /** What a member tells the leader beside its topics. The generation is the one its partitions were assigned in. */
  userData(owned: readonly TopicPartition[], generation: number): Buffer;

  /**
   * Divides the partitions of the topics that have a subscriber.
   *
   * @param partitionCounts how many partitions each topic has; topics that do not exist are not in it
   */
  assign(members: readonly GroupMember[], partitionCounts: ReadonlyMap<string, number>): Assignment;
}
