import { type RequestOf } from '../protocol/apis.js';
import { Refusal } from '../protocol/errors.js';
import { GroupCycle, type GroupState } from './group-cycle.js';
import { GroupOffsets } from './group-offsets.js';
import { type Client, type JoinRequest, type JoinResult, Member } from './member.js';
import { type Identity, Members, newId } from './members.js';
import { commonProtocols, electProtocol } from './protocol-vote.js';

/**
 * One group: what its members may ask for, and when, after Kafka's classic protocol with static members (KIP-345) and
 * ids that are given out first (KIP-394).
 */
export class Group {
  readonly offsets = new GroupOffsets();
  readonly members = new Members();
  protocolType = '';

  private readonly cycle: GroupCycle;

  /** @param initialDelayMs how long the first rebalance of an empty group waits for more members, in ms */
  constructor(
    readonly id: string,
    initialDelayMs = 0,
  ) {
    this.cycle = new GroupCycle(this.members, initialDelayMs);
  }

  get state(): GroupState {
    return this.cycle.state;
  }

  get generation(): number {
    return this.cycle.generation;
  }

  get protocol(): string {
    return this.cycle.protocol;
  }

  get leader(): string | undefined {
    return this.cycle.leader;
  }

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
    member.synced = true;
    if (this.state === 'Stable') return member.assignment;
    const assignment = member.waitForSync();
    if (member.id === this.leader) this.cycle.assign(assignments);
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
    if (this.members.isAnnounced(memberId)) this.members.forgetAnnounced(memberId);
    else if (groupInstanceId !== null && memberId === '') this.members.dismiss(this.members.instance(groupInstanceId));
    else this.members.dismiss(this.members.get({ memberId, groupInstanceId }));
    // Kafka rebalances even for one that was only given an id.
    this.cycle.goOnWithoutOne();
  }

  /** Removes a member as if its session had timed out. */
  evict(memberId: string): void {
    this.remove(this.members.get({ memberId, groupInstanceId: null }));
  }

  /** Sends every member back to joining. */
  forceRebalance(): void {
    if (this.members.size > 0 && this.state !== 'PreparingRebalance') this.cycle.rebalance();
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
    this.cycle.close();
    this.members.close(new Refusal('GROUP_COORDINATOR_NOT_AVAILABLE'));
  }

  private announce({ sessionTimeoutMs }: JoinRequest, { clientId }: Client): Refusal {
    const memberId = newId(clientId);
    this.members.announce(memberId, sessionTimeoutMs, () => this.cycle.completeJoinIfAll());
    return new Refusal('MEMBER_ID_REQUIRED', null, { memberId });
  }

  private joinStatic(instance: string, request: JoinRequest, client: Client): Promise<JoinResult> {
    const memberId = newId(instance);
    if (!this.members.hasInstance(instance)) return this.add(memberId, request, client);
    return this.replace(this.members.instance(instance), memberId, request);
  }

  private add(memberId: string, request: JoinRequest, client: Client): Promise<JoinResult> {
    const member = new Member(memberId, request.groupInstanceId, client, (silent) => this.remove(silent));
    this.members.add(member);
    this.protocolType = request.protocolType;
    return this.cycle.join(member, request);
  }

  private async rejoin(member: Member, request: JoinRequest): Promise<JoinResult> {
    const known = member.offersSame(request.protocols);
    const repeats = this.state === 'CompletingRebalance' || (this.state === 'Stable' && member.id !== this.leader);
    return known && repeats ? this.cycle.result(member) : this.cycle.join(member, request);
  }

  /**
   * A static member came back under a new id: the old one is fenced. In a stable group this moves nothing as long as
   * the group's protocol stays the same by name. The answer then names the leader by its old id, so that a leader that
   * came back does not assign (KIP-345; KIP-814 tells what that costs).
   */
  private async replace(member: Member, memberId: string, request: JoinRequest): Promise<JoinResult> {
    const leader = this.leader ?? '';
    member.dismiss(new Refusal('FENCED_INSTANCE_ID'));
    if (leader === member.id) this.cycle.leader = memberId;
    this.members.rename(member, memberId);
    member.update(request);
    const moves = this.state !== 'Stable' || electProtocol(this.members.all()) !== this.protocol;
    if (moves) return this.cycle.join(member, request);
    return { ...this.cycle.result(member), leader, members: [] };
  }

  private remove(member: Member): void {
    this.members.dismiss(member);
    this.cycle.goOnWithoutOne();
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
