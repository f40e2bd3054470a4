import type { Assignor } from '../assignment/assignor.js';
import { encodeSubscription } from '../assignment/consumer-protocol.js';
import type { GroupSettings } from '../client-settings.js';
import type { TopicPartition } from '../consumer-client.js';
import type { GroupCoordinator } from './group-coordinator.js';
import type { EncodedAssignment, JoinedMember } from './leader.js';

/** What a member brings to a join. */
export interface Claim {
  topics: readonly string[];

  /** What it still holds and goes on with; nothing in an eager rebalance. */
  owned: readonly TopicPartition[];
}

/** Who speaks: an empty member id outside of the group, the generation of the last join. */
export interface Speaker {
  memberId: string;
  generation: number;
}

export interface JoinResponse {
  errorCode: number;
  generationId: number;
  groupProtocol: string;
  leaderId: string;
  memberId: string;
  members: JoinedMember[];
}

interface SyncResponse {
  errorCode: number;
  memberAssignment: Buffer | null;
}

interface LeaveResponse {
  errorCode: number;
  members?: { errorCode: number }[];
}

/** What a member says to its coordinator. Error codes are in the answers. */
export class MemberRequests {
  constructor(
    private readonly coordinator: GroupCoordinator,
    private readonly assignors: readonly Assignor[],
    private readonly settings: GroupSettings,
  ) {}

  /** @param assigned what the generation before gave it, for assignors that want to know */
  join({ memberId, generation }: Speaker, claim: Claim, assigned: readonly TopicPartition[]): Promise<JoinResponse> {
    const { sessionTimeoutMs, rebalanceTimeoutMs, rackId } = this.settings;
    const groupProtocols = this.assignors.flatMap((assignor) => {
      const userData = assignor.userData(assigned, generation);
      const metadata = encodeSubscription({ ...claim, generation, userData, rackId });
      return assignor.names.map((name) => ({ name, metadata }));
    });
    return this.coordinator.request('join', 'JoinGroup', {
      ...this.member(memberId),
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      protocolType: 'consumer',
      groupProtocols,
    });
  }

  /** @param groupAssignment of all members from the leader, nothing from the others */
  sync({ memberId, generation }: Speaker, groupAssignment: EncodedAssignment[]): Promise<SyncResponse> {
    const request = { ...this.member(memberId), generationId: generation, groupAssignment };
    return this.coordinator.request('join', 'SyncGroup', request);
  }

  /** @returns the error code */
  async heartbeat({ memberId, generation }: Speaker): Promise<number> {
    const request = { ...this.member(memberId), groupGenerationId: generation };
    const { errorCode } = await this.coordinator.request<{ errorCode: number }>('heartbeat', 'Heartbeat', request);
    return errorCode;
  }

  /** @returns the error code; the broker tells that of a member apart from that of the request */
  async leave(memberId: string): Promise<number> {
    const { errorCode, members } = await this.coordinator.request<LeaveResponse>(
      'join',
      'LeaveGroup',
      this.member(memberId),
    );
    return errorCode || (members?.[0]?.errorCode ?? errorCode);
  }

  private member(memberId: string): { memberId: string; groupInstanceId: string | null } {
    return { memberId, groupInstanceId: this.settings.groupInstanceId ?? null };
  }
}
