import type { EngineLogger } from '../../logger.js';
import { wait } from '../../wait.js';
import type { Assignor } from '../assignment/assignor.js';
import { assignorsNamed } from '../assignment/assignors.js';
import { decodeAssignment, encodeSubscription, unknownGeneration } from '../assignment/consumer-protocol.js';
import type { GroupSettings } from '../client-settings.js';
import type { Cluster } from '../connection/cluster.js';
import { describe, ErrorCode, isCoordinatorMoved, isRetriable, throwOnError } from '../connection/protocol-errors.js';
import { MemberFencedError, type TopicPartition } from '../consumer-client.js';
import type { GroupCoordinator } from './group-coordinator.js';
import { Heartbeats } from './heartbeats.js';
import { JoinRefusedError, refusal } from './join-errors.js';
import { assignForAll, type EncodedAssignment, type JoinedMember } from './leader.js';

const retryDelayMs = 500;

/** What a member brings to a join. */
export interface Claim {
  topics: readonly string[];

  /** What it still holds and goes on with; nothing in an eager rebalance. */
  owned: readonly TopicPartition[];
}

interface JoinResponse {
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

export interface MembershipListener {
  /** The group waits for this member to join again; until then it keeps what it owns. */
  rebalancing(): void;

  /** The group goes on without this member. What it owned may be another's by now. */
  lost(reason: string): void;
}

/**
 * This process's place in a consumer group, by Kafka's classic protocol.
 *
 * ```
 *            join ▶                all have joined ▶          assignment ▶
 *  outside ─────────▶ joining ─────────────────────▶ syncing ─────────────▶ member
 *     ▲                │ ▲ ▲                           │ │                   │ │
 *     │                │ │ └── another rebalance ──────┘ │                   │ │
 *     │                │ └──── rebalance in progress: join again ────────────┘ │
 *     │                │                                 │                     │
 *     └── lost: unknown member, illegal generation, session expired ──────────┘
 *     └── left
 *
 *  fenced, or refused by the group: join() throws.
 * ```
 *
 * Heartbeats go on from the first join to the loss. A coordinator that has moved or is loading is looked up again in
 * every state; that alone loses nothing.
 *
 * @see https://kafka.apache.org/protocol.html#The_Messages_JoinGroup
 */
export class Membership {
  private readonly assignors: readonly Assignor[];
  private memberId = '';
  private generation = unknownGeneration;
  private assigned: readonly TopicPartition[] = [];
  private heartbeats: Heartbeats | undefined;
  private joining = false;
  private refused: Error | undefined;

  constructor(
    private readonly coordinator: GroupCoordinator,
    private readonly cluster: Cluster,
    private readonly settings: GroupSettings,
    private readonly listener: MembershipListener,
    private readonly logger: EngineLogger,
    private readonly signal: AbortSignal,
  ) {
    this.assignors = assignorsNamed(settings.assignors);
    signal.addEventListener('abort', () => this.heartbeats?.stop(), { once: true });
  }

  /** Whether members keep their partitions while they join again. One way to divide them that needs all forbids it to all. */
  get isCooperative(): boolean {
    return this.assignors.every(({ cooperative }) => cooperative);
  }

  /** Member id and generation, for commits; `undefined` outside of the group. */
  get identity(): { memberId: string; groupGenerationId: number } | undefined {
    if (this.generation === unknownGeneration) return undefined;
    return { memberId: this.memberId, groupGenerationId: this.generation };
  }

  /** Whether the group still counts on this member, as far as it can know. */
  get isLive(): boolean {
    return this.heartbeats?.expired === false;
  }

  /**
   * Joins and waits for the assignment, for as long as it takes.
   *
   * @param claim asked anew for each attempt: what was owned may be lost between two
   * @throws JoinRefusedError when the group will not have this member as it is
   * @throws MemberFencedError when another process has its place
   */
  async join(claim: () => Claim): Promise<readonly TopicPartition[]> {
    this.joining = true;
    try {
      while (!this.signal.aborted) {
        if (this.refused) throw this.refused;
        const assignment = await this.tryJoin(claim());
        if (assignment) return (this.assigned = assignment);
      }
      return [];
    } finally {
      this.joining = false;
    }
  }

  /** A request was answered as if this member were none: a heartbeat will tell. */
  suspect(): void {
    this.heartbeats?.hurry();
  }

  /** Tells the group that this member goes, so that the others need not wait for its session to expire. */
  async leave(): Promise<void> {
    const { memberId } = this;
    if (memberId === '') return;
    this.forget();
    if (this.joining) await this.coordinator.abandon('join'); // busy until the join is answered
    const members = [{ memberId, groupInstanceId: this.settings.groupInstanceId }];
    const { errorCode } = await this.coordinator.request<{ errorCode: number }>('join', 'LeaveGroup', {
      memberId,
      members,
    });
    throwOnError(errorCode, 'leaving the group');
  }

  private forget(): void {
    this.memberId = '';
    this.endGeneration();
  }

  private endGeneration(): void {
    this.heartbeats?.stop();
    this.heartbeats = undefined;
    this.generation = unknownGeneration;
    this.assigned = [];
  }

  /** @returns undefined when another try is due */
  private async tryJoin(claim: Claim): Promise<readonly TopicPartition[] | undefined> {
    try {
      const joined = await this.sendJoin(claim);
      if (joined.errorCode !== ErrorCode.None) return await this.onError(joined.errorCode, 'joining', joined.memberId);
      this.enter(joined);
      const synced = await this.sendSync(await this.assignmentsFor(joined));
      if (synced.errorCode !== ErrorCode.None) return await this.onError(synced.errorCode, 'synchronising');
      this.heartbeats?.hurry();
      return decodeAssignment(synced.memberAssignment);
    } catch (error) {
      if (this.signal.aborted || error instanceof JoinRefusedError || error instanceof MemberFencedError) throw error;
      if (isFinal(error)) throw refusal(error.code, this.settings);
      this.logger.warn(`Joining group "${this.settings.group}" failed, trying again: ${(error as Error).message}`);
      await wait(retryDelayMs, this.signal);
      return undefined;
    }
  }

  private sendJoin({ topics, owned }: Claim): Promise<JoinResponse> {
    const { sessionTimeoutMs, rebalanceTimeoutMs, rackId } = this.settings;
    const { generation, assigned } = this;
    const groupProtocols = this.assignors.flatMap((assignor) => {
      const userData = assignor.userData(assigned, generation);
      const metadata = encodeSubscription({ topics, owned, generation, userData, rackId });
      return assignor.names.map((name) => ({ name, metadata }));
    });
    return this.coordinator.request<JoinResponse>('join', 'JoinGroup', {
      ...this.member,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      protocolType: 'consumer',
      groupProtocols,
    });
  }

  private sendSync(groupAssignment: EncodedAssignment[]): Promise<SyncResponse> {
    const generationId = this.generation;
    return this.coordinator.request<SyncResponse>('join', 'SyncGroup', {
      ...this.member,
      generationId,
      groupAssignment,
    });
  }

  private get member(): { memberId: string; groupInstanceId: string | null } {
    return { memberId: this.memberId, groupInstanceId: this.settings.groupInstanceId ?? null };
  }

  private enter({ memberId, generationId }: JoinResponse): void {
    if (this.signal.aborted) return;
    this.memberId = memberId;
    this.generation = generationId;
    this.heartbeats?.proved();
    if (this.heartbeats) return;
    this.heartbeats = new Heartbeats(() => this.heartbeat(), this.settings, this.heartbeatListener(), this.logger);
    this.heartbeats.start();
  }

  /** The leader assigns for all; the others send nothing and receive theirs. */
  private assignmentsFor({ leaderId, memberId, groupProtocol, members }: JoinResponse): Promise<EncodedAssignment[]> {
    const assignor = this.assignors.find(({ names }) => names.includes(groupProtocol));
    if (leaderId !== memberId || !assignor) return Promise.resolve([]);
    return assignForAll(this.cluster, assignor, members);
  }

  /** What follows from an error of a join, a sync or a heartbeat, but for a retry later. */
  private async onError(errorCode: number, step: string, memberId = ''): Promise<undefined> {
    if (errorCode === ErrorCode.MemberIdRequired) this.memberId = memberId;
    else if (errorCode === ErrorCode.UnknownMemberId || errorCode === ErrorCode.IllegalGeneration) {
      this.lose(describe(errorCode, `the coordinator answered while ${step}`).message, errorCode);
    } else if (errorCode !== ErrorCode.RebalanceInProgress) {
      if (!isRetriable(errorCode)) throw refusal(errorCode, this.settings);
      if (isCoordinatorMoved(errorCode)) this.coordinator.moved();
      await wait(retryDelayMs, this.signal);
    }
  }

  private heartbeatListener(): ConstructorParameters<typeof Heartbeats>[2] {
    return {
      rebalancing: () => this.listener.rebalancing(),
      lost: (reason, errorCode) => {
        if (errorCode === ErrorCode.FencedInstanceId) this.refused = refusal(errorCode, this.settings);
        if (this.joining) void this.coordinator.abandon('join'); // it claims what is lost
        void this.coordinator.abandon('heartbeat'); // it may be what does not answer
        this.lose(reason, errorCode);
      },
    };
  }

  /** While a join is under way, an answer about the generation before it says nothing about this membership. */
  private async heartbeat(): Promise<number> {
    const { generation } = this;
    const request = { ...this.member, groupGenerationId: generation };
    const { errorCode } = await this.coordinator.request<{ errorCode: number }>('heartbeat', 'Heartbeat', request);
    if (isCoordinatorMoved(errorCode)) this.coordinator.moved();
    const outdated = this.joining || generation !== this.generation;
    const ofGeneration = errorCode === ErrorCode.RebalanceInProgress || errorCode === ErrorCode.IllegalGeneration;
    return outdated && ofGeneration ? ErrorCode.None : errorCode;
  }

  /** The member id is kept unless it is the broker that does not know it: the group may still wait for it. */
  private lose(reason: string, errorCode: number): void {
    const wasMember = this.identity !== undefined;
    this.endGeneration();
    if (errorCode === ErrorCode.UnknownMemberId) this.memberId = '';
    if (wasMember) this.listener.lost(reason);
  }
}

/** An answer that no other attempt will change. */
function isFinal(error: unknown): error is { code: number } {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' && !isRetriable(code);
}
