import type { EngineLogger } from '../../logger.js';
import { wait } from '../../wait.js';
import type { BrokerLink } from '../connection/broker-link.js';
import type { GroupSettings } from '../client-settings.js';
import type { Cluster } from '../connection/cluster.js';
import type { TopicPartition } from '../consumer-client.js';
import { AssignerProtocol, type ApiName } from '../connection/kafkajs-internals.js';
import {
  describe,
  ErrorCode,
  isCoordinatorMoved,
  isMembershipLost,
  throwOnError,
} from '../connection/protocol-errors.js';
import { assignRoundRobin, flatten } from '../assignment/round-robin.js';

const { MemberMetadata, MemberAssignment } = AssignerProtocol;

/** The same assignment under the Java client's name for it and under kafkajs's, so that members of either can share a group. */
const protocolNames = ['roundrobin', 'RoundRobinAssigner'];
const retryDelayMs = 500;

interface JoinResponse {
  errorCode: number;
  generationId: number;
  leaderId: string;
  memberId: string;
  members: { memberId: string; memberMetadata: Buffer }[];
}

interface SyncResponse {
  errorCode: number;
  memberAssignment: Buffer | null;
}

/**
 * This process's place in a consumer group, by Kafka's classic protocol with eager rebalances.
 *
 * ```
 * outside ──join──▶ joining ──all members there──▶ syncing ──assignment──▶ member ──rebalance──▶ joining
 *                      ▲                               │                      │
 *                      └─── another rebalance began ───┘                      ├─ lost (expired, fenced) ─▶ outside
 *                                                                             └─ leave ─▶ outside
 * ```
 *
 * @see https://kafka.apache.org/protocol.html#The_Messages_JoinGroup
 */
export class Membership {
  private memberId = '';
  private generation = -1;
  private leader = false;
  private joining = false;
  private coordinator: BrokerLink | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly settings: GroupSettings,
    private readonly logger: EngineLogger,
    private readonly signal: AbortSignal,
  ) {}

  get isMember(): boolean {
    return this.generation >= 0;
  }

  /** Only the leader answers for partitions that appear later: a join of any other member starts no rebalance. */
  get isLeader(): boolean {
    return this.leader;
  }

  /**
   * Joins and waits for the assignment, for as long as it takes.
   *
   * @throws when the group refuses this member for good
   */
  async join(topics: readonly string[]): Promise<TopicPartition[]> {
    this.joining = true;
    try {
      while (!this.signal.aborted) {
        const assignment = await this.tryJoin(topics);
        if (assignment) return assignment;
      }
      return [];
    } finally {
      this.joining = false;
    }
  }

  /** One heartbeat; its error code. */
  async heartbeat(): Promise<number> {
    const { errorCode } = await this.request<{ errorCode: number }>('Heartbeat', {
      groupGenerationId: this.generation,
    });
    if (isCoordinatorMoved(errorCode)) await this.dropCoordinator();
    return errorCode;
  }

  /** A request in the name of this member, to the group's coordinator. */
  async request<T>(api: ApiName, args: object): Promise<T> {
    const { group: groupId } = this.settings;
    const coordinator = (this.coordinator ??= await this.cluster.coordinator(groupId));
    try {
      return await coordinator.request<T>(api, { groupId, memberId: this.memberId, ...args });
    } catch (error) {
      if (this.coordinator === coordinator) await this.dropCoordinator();
      throw error;
    }
  }

  get currentGeneration(): number {
    return this.generation;
  }

  /** The coordinator is another one now, or not to be trusted: the next request looks it up again. */
  async dropCoordinator(): Promise<void> {
    const { coordinator } = this;
    this.coordinator = undefined;
    if (coordinator) await this.cluster.drop(coordinator);
  }

  /** The broker has forgotten this member: it joins next as a new one. */
  forget(): void {
    this.memberId = '';
    this.generation = -1;
    this.leader = false;
  }

  /** Tells the group that this member goes, so that the others need not wait for its session to expire. */
  async leave(): Promise<void> {
    if (this.memberId === '') return;
    if (this.joining) await this.dropCoordinator(); // its link is busy until the join is answered
    const { errorCode } = await this.request<{ errorCode: number }>('LeaveGroup', {});
    this.forget();
    throwOnError(errorCode, 'leaving the group');
  }

  /** @returns undefined when another try is due */
  private async tryJoin(topics: readonly string[]): Promise<TopicPartition[] | undefined> {
    try {
      const joined = await this.sendJoin(topics);
      if (!this.accept(joined.errorCode, 'joining', joined)) return await this.pauseBeforeRetry(joined.errorCode);
      const synced = await this.sendSync(await this.assignmentsFor(joined));
      if (!this.accept(synced.errorCode, 'synchronising')) return await this.pauseBeforeRetry(synced.errorCode);
      return decodeAssignment(synced.memberAssignment);
    } catch (error) {
      if (isFinal(error)) throw error;
      if (!this.signal.aborted)
        this.logger.warn(`Joining group "${this.settings.group}" failed, trying again: ${(error as Error).message}`);
      return await this.pauseBeforeRetry(ErrorCode.NotCoordinator);
    }
  }

  private sendJoin(topics: readonly string[]): Promise<JoinResponse> {
    const { sessionTimeoutMs, rebalanceTimeoutMs } = this.settings;
    const metadata = MemberMetadata.encode({ version: 0, topics: [...topics], userData: Buffer.alloc(0) });
    return this.request<JoinResponse>('JoinGroup', {
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      protocolType: 'consumer',
      groupProtocols: protocolNames.map((name) => ({ name, metadata })),
    });
  }

  private sendSync(groupAssignment: { memberId: string; memberAssignment: Buffer }[]): Promise<SyncResponse> {
    return this.request<SyncResponse>('SyncGroup', { generationId: this.generation, groupAssignment });
  }

  /** Takes over what a join told; whether to go on with it. */
  private accept(errorCode: number, step: string, joined?: JoinResponse): boolean {
    if (errorCode === ErrorCode.None) {
      if (joined) {
        this.memberId = joined.memberId;
        this.generation = joined.generationId;
        this.leader = joined.leaderId === joined.memberId;
      }
      return true;
    }
    if (errorCode === ErrorCode.MemberIdRequired && joined) this.memberId = joined.memberId;
    else if (errorCode === ErrorCode.UnknownMemberId) this.forget();
    else if (
      !isCoordinatorMoved(errorCode) &&
      !isMembershipLost(errorCode) &&
      errorCode !== ErrorCode.RebalanceInProgress
    ) {
      throw new JoinRefusedError(
        describe(errorCode, `Group "${this.settings.group}" refused this member while ${step}`).message,
      );
    }
    return false;
  }

  private async pauseBeforeRetry(errorCode: number): Promise<undefined> {
    if (!isCoordinatorMoved(errorCode)) return;
    await this.dropCoordinator();
    await wait(retryDelayMs, this.signal);
  }

  /** The leader assigns for all; the others send nothing and receive theirs. */
  private async assignmentsFor({ members }: JoinResponse): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
    if (!this.leader) return [];
    const subscribers = members.map(({ memberId, memberMetadata }) => ({
      memberId,
      topics: MemberMetadata.decode(memberMetadata)?.topics ?? [],
    }));
    const topics = await this.cluster.metadata([...new Set(subscribers.flatMap((member) => member.topics))]);
    const counts = new Map(topics.map(({ topic, partitionMetadata }) => [topic, partitionMetadata.length]));
    return [...assignRoundRobin(subscribers, counts)].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) }),
    }));
  }
}

/** The group will not have this member, however often it asks. */
export class JoinRefusedError extends Error {
  override readonly name = 'JoinRefusedError';
}

function isFinal(error: unknown): boolean {
  return error instanceof JoinRefusedError;
}

function decodeAssignment(memberAssignment: Buffer | null): TopicPartition[] {
  if (!memberAssignment || memberAssignment.length === 0) return [];
  return flatten(MemberAssignment.decode(memberAssignment)?.assignment ?? {});
}
