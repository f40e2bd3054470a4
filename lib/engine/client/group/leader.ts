import type { EngineLogger } from '../../logger.js';
import type { Assignor, GroupMember } from '../assignment/assignor.js';
import {
  decodeSubscription,
  encodeAssignment,
  unknownGeneration,
  type Subscription,
} from '../assignment/consumer-protocol.js';
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

/** What a member stands for that nobody understands. */
const nothing: Subscription = { topics: [], userData: Buffer.alloc(0), owned: [], generation: unknownGeneration };

/** The leader's part: divides the partitions of all members' topics, also of those it does not read itself. */
export class Leader {
  /** By what the last assignment was made, partitions by topic; `undefined` where another member has made it. */
  divided: ReadonlyMap<string, number> | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly group: string,
    private readonly logger: EngineLogger,
  ) {}

  /** A member whose subscription cannot be read gets nothing; the others need not wait for it. */
  async assignForAll(assignor: Assignor, joined: readonly JoinedMember[]): Promise<EncodedAssignment[]> {
    const members = joined.map((member) => this.read(member));
    const topics = await this.cluster.metadata([
      ...new Set(members.flatMap(({ subscription }) => subscription.topics)),
    ]);
    const counts = new Map(topics.map(({ topic, partitionMetadata }) => [topic, partitionMetadata.length]));
    this.divided = counts;
    return [...assignor.assign(members, counts)].map(([memberId, partitions]) => ({
      memberId,
      memberAssignment: encodeAssignment(partitions),
    }));
  }

  private read({ memberId, groupInstanceId, memberMetadata }: JoinedMember): GroupMember {
    return {
      memberId,
      instanceId: groupInstanceId ?? null,
      subscription: this.subscriptionOf(memberId, memberMetadata),
    };
  }

  private subscriptionOf(memberId: string, metadata: Buffer): Subscription {
    try {
      return decodeSubscription(metadata);
    } catch (error) {
      this.logger.warn(
        `Subscription of member "${memberId}" of group "${this.group}" cannot be read, so it is assigned nothing: ` +
          (error as Error).message,
      );
      return nothing;
    }
  }
}
