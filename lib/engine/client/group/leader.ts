import type { Assignor } from '../assignment/assignor.js';
import { decodeSubscription, encodeAssignment } from '../assignment/consumer-protocol.js';
import type { Cluster } from '../connection/cluster.js';

/** A member as the coordinator describes it to the leader. */
export interface JoinedMember {
  memberId: string;
  groupInstanceId?: string | null;
  memberMetadata: Buffer;
}

export interface EncodedAssignment {
  memberId: string;
  memberAssignment: Buffer;
}

/** The leader's part: divides the partitions of all members' topics, also of those it does not read itself. */
export async function assignForAll(
  cluster: Cluster,
  assignor: Assignor,
  joined: readonly JoinedMember[],
): Promise<EncodedAssignment[]> {
  const members = joined.map(({ memberId, groupInstanceId, memberMetadata }) => ({
    memberId,
    instanceId: groupInstanceId ?? null,
    subscription: decodeSubscription(memberMetadata),
  }));
  const topics = await cluster.metadata([...new Set(members.flatMap(({ subscription }) => subscription.topics))]);
  const counts = new Map(topics.map(({ topic, partitionMetadata }) => [topic, partitionMetadata.length]));
  return [...assignor.assign(members, counts)].map(([memberId, partitions]) => ({
    memberId,
    memberAssignment: encodeAssignment(partitions),
  }));
}
