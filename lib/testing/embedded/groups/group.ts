import { randomUUID } from 'node:crypto';
import { type RequestOf } from '../protocol/apis.js';
import { Refusal } from '../protocol/errors.js';
import { GroupOffsets } from './group-offsets.js';
import { type Client, type JoinRequest, type JoinResult, Member } from './member.js';
import { type Identity, Members } from './members.js';
import { commonProtocols, electProtocol } from './protocol-vote.js';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

/**
 * The state machine of one group, after Kafka's classic protocol (KIP-62, KIP-345, KIP-394):
 *
 *     Empty ─ join ─▶ PreparingRebalance ─ all joined, or time is up ─▶ CompletingRebalance ─ leader's sync ─▶ Stable
 *                            ▲                                                │ join, leave, silence             │
 *                            └────────────────────────────────────────────────┴──────────────────────────────────┘
 */
export class Group {
  readonly offsets = new GroupOffsets();
  readonly members = new Members();
  state: GroupState = 'Empty';
  generation = 0;
  protocolType = '';
  protocol = '';
  leader?: string;

  private gathering = false;
  private joinTimer?: NodeJS.Timeout;
  private syncTimer?: NodeJS.Timeout;

  /** @param initialDelayMs how long the first rebalance of an empty group waits for more members, in ms */
  constructor(
    readonly id: string,
    private readonly initialDelayMs = 0,
  ) {}

  /** Resolves when all members have joined. */
  async join(request: JoinRequest, client: Client): Promise<JoinResult> {
    this.expectCompatible(request);
    const { memberId, groupInstanceId } = request;
    if (memberId === '' && groupInstanceId === null) throw this.announce(request, client);
    if (memberId === '') return this.joinStatic(groupInstanceId as string, request, client);
    if (!this.members.isAnnounced(memberId)) return this.rejoin(this.members.get(request), request);
    this.members.forgetAnnounced(memberId);
    return this.add(memberId, request, client);
  }

  /** Resolves with the member's assignment when the leader has handed it in. */
  async sync({ generationId, assignments, ...identity }: RequestOf<'SyncGroup'>): Promise<Buffer> {
    const member = this.members.get(identity);
    this.expectGeneration(generationId);
    if (this.state === 'PreparingRebalance') throw new Refusal('REBALANCE_IN_PROGRESS');
    member.touch();
    member.synced = true;
    if (this.state === 'Stable') return member.assignment;
    const assignment = member.waitForSync();
    if (member.id === this.leader) this.assign(assignments);
    return assignment;
  }

  heartbeat({ generationId, ...identity }: RequestOf<'Heartbeat'>): void {
    const member = this.members.get(identity);
    this.expectGeneration(generationId);
    member.touch();
    if (this.state === 'PreparingRebalance') throw new Refusal('REBALANCE_IN_PROGRESS');
  }

  /** Removes a member of its own will, or an administrator's: then a static one may go by its instance id alone. */
  leave({ memberId, groupInstanceId }: Identity): void {
    if (this.members.isAnnounced(memberId)) {
      this.members.forgetAnnounced(memberId);
      this.completeJoinIfAll();
    } else if (groupInstanceId !== null && memberId === '') this.remove(this.members.instance(groupInstanceId));
    else this.remove(this.members.get({ memberId, groupInstanceId }));
  }

  /** Removes a member as if its session had timed out. */
  evict(memberId: string): void {
    this.remove(this.members.get({ memberId, groupInstanceId: null }));
  }

  /** Sends every member back to joining. */
  forceRebalance(): void {
    if (this.members.size > 0 && this.state !== 'PreparingRebalance') this.prepareRebalance();
  }

  /**
   * Checks that offsets come from the current generation, or from nobody while nobody is there.
   *
   * @throws Refusal `UNKNOWN_MEMBER_ID`, `ILLEGAL_GENERATION`, `REBALANCE_IN_PROGRESS`
   */
  expectCommitter(memberId: string, generationId: number): void {
    if (generationId < 0 && this.state === 'Empty') return;
    const member = this.members.get({ memberId, groupInstanceId: null });
    this.expectGeneration(generationId);
    // Kafka takes commits while it prepares a rebalance, not while it waits for the new assignment.
    if (this.state === 'CompletingRebalance') throw new Refusal('REBALANCE_IN_PROGRESS');
    member.touch();
  }

  /** Ends every timer and every wait. */
  close(): void {
    clearTimeout(this.joinTimer);
    clearTimeout(this.syncTimer);
    this.members.close(new Refusal('GROUP_COORDINATOR_NOT_AVAILABLE'));
  }

  private announce({ sessionTimeoutMs }: JoinRequest, { clientId }: Client): Refusal {
    const memberId = `${clientId}-${randomUUID()}`;
    this.members.announce(memberId, sessionTimeoutMs, () => this.completeJoinIfAll());
    return new Refusal('MEMBER_ID_REQUIRED', null, { memberId });
  }

  private joinStatic(instance: string, request: JoinRequest, client: Client): Promise<JoinResult> {
    const memberId = `${instance}-${randomUUID()}`;
    if (!this.members.hasInstance(instance)) return this.add(memberId, request, client);
    return this.replace(this.members.instance(instance), memberId, request);
  }

  private add(memberId: string, request: JoinRequest, client: Client): Promise<JoinResult> {
    const member = new Member(memberId, request.groupInstanceId, client, (silent) => this.remove(silent));
    this.members.add(member);
    this.protocolType = request.protocolType;
    return this.awaitOthers(member, request);
  }

  private async rejoin(member: Member, request: JoinRequest): Promise<JoinResult> {
    const known = member.offersSame(request.protocols);
    const repeats = this.state === 'CompletingRebalance' || (this.state === 'Stable' && member.id !== this.leader);
    if (!known || !repeats) return this.awaitOthers(member, request);
    member.update(request);
    return this.joinResult(member);
  }

  /**
   * A static member came back under a new id: the old one is fenced. In a stable group this moves nothing as long as
   * the group's protocol stays the same by name. The answer then names the leader by its old id, so that a leader that
   * came back does not assign (KIP-345; KIP-814 tells what that costs).
   */
  private async replace(member: Member, memberId: string, request: JoinRequest): Promise<JoinResult> {
    const leader = this.leader ?? '';
    member.dismiss(new Refusal('FENCED_INSTANCE_ID'));
    if (leader === member.id) this.leader = memberId;
    this.members.rename(member, memberId);
    member.update(request);
    const moves = this.state !== 'Stable' || electProtocol(this.members.all()) !== this.protocol;
    if (moves) return this.awaitOthers(member, request);
    return { ...this.joinResult(member), leader, members: [] };
  }

  private awaitOthers(member: Member, request: JoinRequest): Promise<JoinResult> {
    member.update(request);
    const joined = member.waitForJoin();
    if (this.state === 'PreparingRebalance') this.completeJoinIfAll();
    else this.prepareRebalance();
    return joined;
  }

  private prepareRebalance(): void {
    this.gathering = this.state === 'Empty' && this.initialDelayMs > 0;
    this.state = 'PreparingRebalance';
    clearTimeout(this.syncTimer);
    for (const member of this.members.all()) member.answerSync(new Refusal('REBALANCE_IN_PROGRESS'));
    this.completeJoinIn(this.gathering ? this.initialDelayMs : this.members.patience());
    this.completeJoinIfAll();
  }

  private completeJoinIn(ms: number): void {
    clearTimeout(this.joinTimer);
    this.joinTimer = setTimeout(() => this.completeJoin(), ms).unref();
  }

  private completeJoinIfAll(): void {
    if (this.state !== 'PreparingRebalance' || this.gathering || this.members.hasAnnounced) return;
    if (this.members.joined().length === this.members.size) this.completeJoin();
  }

  /** Static members that did not join stay until their session ends: not moving is what they are static for. */
  private completeJoin(): void {
    this.gathering = false;
    clearTimeout(this.joinTimer);
    for (const member of this.members.all()) if (!member.joining && !member.isStatic) this.forget(member);
    const joined = this.members.joined();
    if (this.members.size === 0) this.becomeEmpty();
    else if (joined.length === 0) this.completeJoinIn(this.members.patience());
    else this.startGeneration(joined);
  }

  private startGeneration(joined: Member[]): void {
    this.generation++;
    this.state = 'CompletingRebalance';
    this.protocol = electProtocol(this.members.all());
    if (!joined.some(({ id }) => id === this.leader)) this.leader = joined[0]?.id;
    for (const member of this.members.all()) member.synced = false;
    for (const member of joined) {
      member.touch();
      member.answerJoin(this.joinResult(member));
    }
    this.syncTimer = setTimeout(() => this.dropUnsynced(), this.members.patience()).unref();
  }

  private becomeEmpty(): void {
    this.generation++;
    this.state = 'Empty';
    this.protocol = '';
    this.leader = undefined;
  }

  private assign(assignments: RequestOf<'SyncGroup'>['assignments']): void {
    const byMember = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]));
    this.state = 'Stable';
    for (const member of this.members.all()) {
      member.assignment = Buffer.from(byMember.get(member.id) ?? []);
      member.answerSync(member.assignment);
    }
  }

  /** Members that joined and never asked for their assignment have lost interest. */
  private dropUnsynced(): void {
    const unsynced = this.members.all().filter(({ synced }) => !synced);
    for (const member of unsynced) this.forget(member);
    if (unsynced.length > 0 && this.state !== 'PreparingRebalance') this.prepareRebalance();
  }

  private joinResult(member: Member): JoinResult {
    const { generation: generationId, protocol: protocolName, leader = '' } = this;
    const members = member.id === leader ? this.members.all().map((one) => one.describe(protocolName)) : [];
    return { generationId, protocolName, leader, memberId: member.id, members };
  }

  private remove(member: Member): void {
    this.forget(member);
    if (this.state === 'PreparingRebalance') this.completeJoinIfAll();
    else this.prepareRebalance();
  }

  private forget(member: Member): void {
    this.members.delete(member);
    member.dismiss(new Refusal('UNKNOWN_MEMBER_ID'));
  }

  private expectGeneration(generationId: number): void {
    if (generationId === this.generation) return;
    throw new Refusal('ILLEGAL_GENERATION', `expected generation ${this.generation}, got ${generationId}`);
  }

  private expectCompatible({ protocolType, protocols }: JoinRequest): void {
    const common = commonProtocols(this.members.all());
    const isFirst = this.members.size === 0;
    const matches =
      isFirst || (protocolType === this.protocolType && protocols.some(({ name }) => common.includes(name)));
    if (matches && protocolType !== '' && protocols.length > 0) return;
    throw new Refusal('INCONSISTENT_GROUP_PROTOCOL', `expected one of: ${common.join(', ')}`);
  }
}
