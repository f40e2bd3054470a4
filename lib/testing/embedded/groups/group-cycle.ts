import { type RequestOf } from '../protocol/apis.js';
import { Refusal } from '../protocol/errors.js';
import { type JoinRequest, type JoinResult, type Member } from './member.js';
import { type Members } from './members.js';
import { electProtocol } from './protocol-vote.js';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

const NOTHING = Buffer.alloc(0);

/**
 * What a group goes through from one generation to the next, after Kafka's classic protocol (KIP-62):
 *
 *     Empty ─ join ─▶ PreparingRebalance ─ all joined, or time is up ─▶ CompletingRebalance ─ leader's sync ─▶ Stable
 *                            ▲                                                │ join, leave, silence             │
 *                            └────────────────────────────────────────────────┴──────────────────────────────────┘
 */
export class GroupCycle {
  state: GroupState = 'Empty';
  generation = 0;
  protocol = '';
  leader?: string;

  private gathering = false;
  private joinTimer?: NodeJS.Timeout;
  private syncTimer?: NodeJS.Timeout;

  /** @param initialDelayMs how long the first rebalance of an empty group waits for more members, in ms */
  constructor(
    private readonly members: Members,
    private readonly initialDelayMs: number,
  ) {}

  /** Has a member take part in the next generation. Resolves when all members have joined. */
  join(member: Member, request: JoinRequest): Promise<JoinResult> {
    member.update(request);
    const joined = member.waitForJoin();
    if (this.state === 'PreparingRebalance') this.completeJoinIfAll();
    else this.rebalance();
    return joined;
  }

  /** Sends every member back to joining. */
  rebalance(): void {
    this.gathering = this.state === 'Empty' && this.initialDelayMs > 0;
    clearTimeout(this.syncTimer);
    if (this.state === 'CompletingRebalance') this.discardAssignments();
    this.state = 'PreparingRebalance';
    this.completeJoinIn(this.gathering ? this.initialDelayMs : this.members.patience());
    this.completeJoinIfAll();
  }

  /** Those who remain assign anew, or go on without the one they waited for. */
  goOnWithoutOne(): void {
    if (this.state === 'PreparingRebalance') this.completeJoinIfAll();
    else if (this.state !== 'Empty') this.rebalance();
  }

  completeJoinIfAll(): void {
    if (this.state !== 'PreparingRebalance' || this.gathering || this.members.hasAnnounced) return;
    if (this.members.joined().length === this.members.size) this.completeJoin();
  }

  /** Hands out what the leader has assigned. */
  assign(assignments: RequestOf<'SyncGroup'>['assignments']): void {
    const byMember = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]));
    this.state = 'Stable';
    for (const member of this.members.all()) {
      member.assignment = Buffer.from(byMember.get(member.id) ?? NOTHING);
      member.answerSync(member.assignment);
    }
  }

  /** What a member is told of the present generation; the leader also whom it assigns to. */
  result(member: Member): JoinResult {
    const { generation: generationId, protocol: protocolName, leader = '' } = this;
    const members = member.id === leader ? this.members.all().map((one) => one.describe(protocolName)) : [];
    return { generationId, protocolName, leader, memberId: member.id, members };
  }

  close(): void {
    clearTimeout(this.joinTimer);
    clearTimeout(this.syncTimer);
  }

  private discardAssignments(): void {
    for (const member of this.members.all()) {
      member.assignment = NOTHING;
      member.answerSync(new Refusal('REBALANCE_IN_PROGRESS'));
    }
  }

  private completeJoinIn(ms: number): void {
    clearTimeout(this.joinTimer);
    this.joinTimer = setTimeout(() => this.completeJoin(), ms).unref();
  }

  /** Static members that did not join stay until their session ends: not moving is what they are static for. */
  private completeJoin(): void {
    this.gathering = false;
    clearTimeout(this.joinTimer);
    for (const member of this.members.all()) if (!member.joining && !member.isStatic) this.members.dismiss(member);
    const joined = this.members.joined();
    if (this.members.size === 0) this.becomeEmpty();
    else if (joined.length === 0) this.completeJoinIn(this.members.patience());
    else this.startGeneration(joined);
  }

  /** Every session starts anew, also of a static member that did not join. */
  private startGeneration(joined: readonly Member[]): void {
    this.generation++;
    this.state = 'CompletingRebalance';
    this.protocol = electProtocol(this.members.all());
    if (!joined.some(({ id }) => id === this.leader)) this.leader = joined[0]?.id;
    for (const member of this.members.all()) {
      member.synced = false;
      member.touch();
      member.answerJoin(this.result(member));
    }
    this.syncTimer = setTimeout(() => this.dropUnsynced(), this.members.patience()).unref();
  }

  private becomeEmpty(): void {
    this.generation++;
    this.state = 'Empty';
    this.protocol = '';
    this.leader = undefined;
  }

  /** Members that joined and never asked for their assignment have lost interest. */
  private dropUnsynced(): void {
    const unsynced = this.members.all().filter(({ synced }) => !synced);
    for (const member of unsynced) this.members.dismiss(member);
    if (unsynced.length > 0) this.rebalance();
  }
}
