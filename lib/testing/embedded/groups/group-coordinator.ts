import { type RequestOf, type ResponseOf } from '../protocol/apis.js';
import { errorCodes, Refusal } from '../protocol/errors.js';
import { Group } from './group.js';
import { type CommittedOffset } from './group-offsets.js';
import { type Client, type JoinRequest, type JoinResult } from './member.js';

/** Limits of groups; names and defaults are Kafka's where it has them. */
export interface GroupLimits {
  /** `group.min.session.timeout.ms` */
  minSessionTimeoutMs: number;

  /** `group.max.session.timeout.ms` */
  maxSessionTimeoutMs: number;

  /** `group.initial.rebalance.delay.ms` */
  initialRebalanceDelayMs: number;

  /** `offset.metadata.max.bytes`, which Kafka counts in characters (UTF-16 units). */
  maxMetadataLength: number;
}

type Description = ResponseOf<'DescribeGroups'>['groups'][number];

/** All groups of the cluster: finds or creates the one a request is about, and checks what does not need its state. */
export class GroupCoordinator {
  private readonly groups = new Map<string, Group>();

  constructor(private readonly limits: GroupLimits) {}

  get(groupId: string): Group | undefined {
    return this.groups.get(groupId);
  }

  all(): Group[] {
    return [...this.groups.values()];
  }

  async join(request: JoinRequest, client: Client): Promise<JoinResult> {
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.limits;
    const { groupId, sessionTimeoutMs } = request;
    if (sessionTimeoutMs < minSessionTimeoutMs || sessionTimeoutMs > maxSessionTimeoutMs) {
      const range = `${minSessionTimeoutMs} to ${maxSessionTimeoutMs}`;
      throw new Refusal('INVALID_SESSION_TIMEOUT', `expected ${range} ms, got ${sessionTimeoutMs}`);
    }
    const group = request.memberId === '' ? this.getOrCreate(groupId) : this.expect(groupId);
    return group.join(request, client);
  }

  async sync(request: RequestOf<'SyncGroup'>): Promise<Buffer> {
    return this.expect(request.groupId).sync(request);
  }

  heartbeat(request: RequestOf<'Heartbeat'>): void {
    this.expect(request.groupId).heartbeat(request);
  }

  leave({ groupId, members }: RequestOf<'LeaveGroup'>): ResponseOf<'LeaveGroup'>['members'] {
    return members.map((member) => ({ ...member, errorCode: codeOf(() => this.expect(groupId).leave(member)) }));
  }

  /** Checks that a request may commit offsets for a group; creates the group for a commit from outside of it. */
  expectCommitter({ groupId, memberId, generationId }: RequestOf<'OffsetCommit'>): Group {
    if (generationId >= 0 && !this.groups.has(groupId)) throw new Refusal('ILLEGAL_GENERATION');
    const group = this.getOrCreate(groupId);
    group.expectCommitter(memberId, generationId);
    return group;
  }

  /**
   * The metadata to keep: empty where there is none.
   *
   * @throws Refusal `OFFSET_METADATA_TOO_LARGE`
   */
  acceptMetadata(metadata: string | null): string {
    const { length } = metadata ?? '';
    const { maxMetadataLength } = this.limits;
    if (length <= maxMetadataLength) return metadata ?? '';
    throw new Refusal('OFFSET_METADATA_TOO_LARGE', `expected at most ${maxMetadataLength} characters, got ${length}`);
  }

  /** Keeps offsets until the transaction of their producer ends. */
  hold(groupId: string, producerId: number, topic: string, partition: number, offset: CommittedOffset): void {
    this.getOrCreate(groupId).offsets.hold(producerId, topic, partition, offset);
  }

  endTransaction(groupId: string, producerId: number, committed: boolean): void {
    this.groups.get(groupId)?.offsets.endTransaction(producerId, committed);
  }

  describe(groupId: string): Description {
    const group = this.groups.get(groupId);
    if (!group) return { errorCode: 0, groupId, state: 'Dead', protocolType: '', protocol: '', members: [] };
    const { state, protocolType } = group;
    const protocol = state === 'Stable' ? group.protocol : '';
    const members = group.members.all().map((member) => ({
      memberId: member.id,
      ...member.client,
      metadata: member.metadataOf(protocol),
      assignment: member.assignment,
    }));
    return { errorCode: 0, groupId, state, protocolType, protocol, members };
  }

  /** @throws Refusal `GROUP_ID_NOT_FOUND`, `NON_EMPTY_GROUP` */
  delete(groupId: string): void {
    const group = this.groups.get(groupId);
    if (!group) throw new Refusal('GROUP_ID_NOT_FOUND');
    if (group.state !== 'Empty') throw new Refusal('NON_EMPTY_GROUP');
    group.close();
    this.groups.delete(groupId);
  }

  forgetTopic(topic: string): void {
    for (const group of this.groups.values()) group.offsets.forgetTopic(topic);
  }

  close(): void {
    for (const group of this.groups.values()) group.close();
  }

  private getOrCreate(groupId: string): Group {
    const group = this.groups.get(groupId) ?? new Group(groupId, this.limits.initialRebalanceDelayMs);
    this.groups.set(groupId, group);
    return group;
  }

  private expect(groupId: string): Group {
    const group = this.groups.get(groupId);
    if (!group) throw new Refusal('UNKNOWN_MEMBER_ID', `there is no group ${groupId}`);
    return group;
  }
}

function codeOf(action: () => void): number {
  try {
    action();
    return errorCodes.NONE;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}
