import type { EngineLogger } from '../../logger.js';
import { errorFields } from '../../log-fields.js';
import { wait } from '../../wait.js';
import type { Assignor } from '../assignment/assignor.js';
import { assignorsNamed } from '../assignment/assignors.js';
import { decodeAssignment, unknownGeneration } from '../assignment/consumer-protocol.js';
import type { GroupSettings } from '../client-settings.js';
import type { Cluster } from '../connection/cluster.js';
import { describe, ErrorCode, isCoordinatorMoved, isRetriable, throwOnError } from '../connection/protocol-errors.js';
import { MemberFencedError, type TopicPartition } from '../consumer-client.js';
import type { GroupCoordinator } from './group-coordinator.js';
import { Heartbeats } from './heartbeats.js';
import { JoinRefusedError, refusal } from './join-errors.js';
import { Leader, type EncodedAssignment } from './leader.js';
import { MemberRequests, type Claim, type JoinResponse, type Speaker } from './member-requests.js';

const retryDelayMs = 500;

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
  private readonly requests: MemberRequests;
  private readonly leader: Leader;
  private memberId = '';
  private generation = unknownGeneration;
  private assigned: readonly TopicPartition[] = [];
  private heartbeats: Heartbeats | undefined;
  private joining = false;

  /** How often in a row the group has sent it back to join again. */
  private setbacks = 0;
  private refused: Error | undefined;

  /** Why the last attempt to join has failed, until one succeeds. */
  private obstacle: string | undefined;

  constructor(
    private readonly coordinator: GroupCoordinator,
    cluster: Cluster,
    private readonly settings: GroupSettings,
    private readonly listener: MembershipListener,
    private readonly logger: EngineLogger,
    private readonly signal: AbortSignal,
  ) {
    this.assignors = assignorsNamed(settings.assignors);
    this.requests = new MemberRequests(coordinator, this.assignors, settings);
    this.leader = new Leader(cluster, settings.group, logger);
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

  /** Milliseconds since the group last answered as to a member; `undefined` outside of it. */
  get silentMs(): number | undefined {
    return this.heartbeats?.silence;
  }

  /** Why the last attempt to join has failed; `undefined` after one that has not. */
  get problem(): string | undefined {
    return this.obstacle;
  }

  /** By what this member has divided the topics of all as the leader, partitions by topic; `undefined` for another member. */
  get divided(): ReadonlyMap<string, number> | undefined {
    return this.leader.divided;
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
    const mayHaveJoined = this.joining && this.settings.groupInstanceId !== undefined; // then its name is enough
    if (memberId === '' && !mayHaveJoined) return;
    this.forget();
    if (this.joining) await this.coordinator.abandon('join'); // busy until the join is answered
    throwOnError(await this.requests.leave(memberId), 'leaving the group');
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
      const joined = await this.requests.join(this.speaker, claim, this.assigned);
      if (joined.errorCode !== ErrorCode.None) return await this.onError(joined.errorCode, 'joining', joined.memberId);
      this.enter(joined);
      const synced = await this.requests.sync(this.speaker, await this.assignmentsFor(joined));
      if (synced.errorCode !== ErrorCode.None) return await this.onError(synced.errorCode, 'synchronising');
      this.setbacks = 0;
      this.obstacle = undefined;
      this.heartbeats?.hurry();
      return decodeAssignment(synced.memberAssignment);
    } catch (error) {
      if (this.signal.aborted || error instanceof JoinRefusedError || error instanceof MemberFencedError) throw error;
      if (isFinal(error)) throw refusal(error.code, this.settings);
      this.obstacle = (error as Error).message;
      this.logger.warn(`Joining group "${this.settings.group}" failed, trying again: ${this.obstacle}`, {
        event: 'join-failed',
        group: this.settings.group,
        ...errorFields(error),
      });
      await wait(retryDelayMs, this.signal);
      return undefined;
    }
  }

  private get speaker(): Speaker {
    return { memberId: this.memberId, generation: this.generation };
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
    this.leader.divided = undefined;
    const assignor = this.assignors.find(({ names }) => names.includes(groupProtocol));
    if (leaderId !== memberId || !assignor) return Promise.resolve([]);
    return this.leader.assignForAll(assignor, members);
  }

  /** What follows from an error of a join or a sync, but for another attempt. */
  private async onError(errorCode: number, step: string, memberId = ''): Promise<undefined> {
    if (errorCode === ErrorCode.MemberIdRequired) this.memberId = memberId;
    else if (sendsBack(errorCode)) await this.setBack(errorCode, step);
    else {
      if (!isRetriable(errorCode)) throw refusal(errorCode, this.settings);
      if (isCoordinatorMoved(errorCode)) this.coordinator.moved();
      this.obstacle = describe(errorCode, `the coordinator answered while ${step}`).message;
      await wait(retryDelayMs, this.signal);
    }
  }

  /** The first time it is what happens in a rebalance. If it goes on, to hurry would keep the group from getting anywhere. */
  private async setBack(errorCode: number, step: string): Promise<void> {
    if (errorCode !== ErrorCode.RebalanceInProgress) {
      this.lose(describe(errorCode, `the coordinator answered while ${step}`).message, errorCode);
    }
    if (++this.setbacks > 1) await wait(retryDelayMs, this.signal);
  }

  private heartbeatListener(): ConstructorParameters<typeof Heartbeats>[2] {
    return {
      rebalancing: () => this.listener.rebalancing(),
      unanswered: (inARow) => {
        if (inARow > 1) this.coordinator.moved(); // it was not the connection
        void this.coordinator.abandon('heartbeat');
      },
      lost: (reason, errorCode) => {
        if (errorCode === ErrorCode.FencedInstanceId) this.refused = refusal(errorCode, this.settings);
        if (this.joining) void this.coordinator.abandon('join'); // it claims what is lost
        this.lose(reason, errorCode);
      },
    };
  }

  /** While a join is under way, an answer about the generation before it says nothing about this membership. */
  private async heartbeat(): Promise<number> {
    const { generation } = this;
    const errorCode = await this.requests.heartbeat(this.speaker);
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

/** Back to joining, under another member id or not. */
function sendsBack(errorCode: number): boolean {
  const { UnknownMemberId, IllegalGeneration, RebalanceInProgress } = ErrorCode;
  return [UnknownMemberId, IllegalGeneration, RebalanceInProgress].some((code) => code === errorCode);
}

/** An answer that no other attempt will change. */
function isFinal(error: unknown): error is { code: number } {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' && !isRetriable(code);
}
