import { type RequestOf, type ResponseOf } from '../../../lib/testing/embedded/protocol/apis.js';
import { array, string } from '../../../lib/testing/embedded/protocol/codec.js';
import { Writer } from '../../../lib/testing/embedded/protocol/writer.js';
import { type WireClient } from './wire-client.js';
import { ask, errorIn } from './wire-cluster.js';

type Join = RequestOf<'JoinGroup'>;

/**
 * Metadata of the `consumer` protocol. Kafka's group coordinator decodes it, and leaves a join with an impossible one
 * without any answer.
 */
export function subscriptionTo(...topics: string[]): Buffer {
  const to = new Writer();
  to.int16(0);
  array(string).write(to, topics);
  to.int32(-1);
  return to.toBuffer();
}

/** One member of a group on a connection of its own, driven step by step. */
export class GroupMember {
  memberId = '';
  generationId = -1;

  constructor(
    private readonly client: WireClient,
    readonly groupId: string,
    readonly groupInstanceId: string | null = null,
  ) {}

  /** Joins, a second time if it is told to come back with the id it is given. */
  async join(options: Partial<Join> = {}): Promise<ResponseOf<'JoinGroup'> & { error: string }> {
    const answer = await this.joinOnce(options);
    if (answer.error !== 'MEMBER_ID_REQUIRED') return answer;
    this.memberId = answer.memberId;
    return this.joinOnce(options);
  }

  async joinOnce(options: Partial<Join> = {}): Promise<ResponseOf<'JoinGroup'> & { error: string }> {
    const answer = await ask(this.client, 'JoinGroup', {
      groupId: this.groupId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 20_000,
      memberId: this.memberId,
      groupInstanceId: this.groupInstanceId,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: subscriptionTo('topic') }],
      ...options,
    });
    const error = errorIn(answer);
    if (error === 'NONE') {
      this.memberId = answer.memberId;
      this.generationId = answer.generationId;
    }
    return { ...answer, error };
  }

  /** Asks for the assignment; the leader hands in what everybody gets. */
  async sync(assignments: Record<string, string> = {}): Promise<{ error: string; assignment: string }> {
    const answer = await this.client.request('SyncGroup', {
      ...this.identity(),
      assignments: Object.entries(assignments).map(([memberId, assignment]) => ({
        memberId,
        assignment: Buffer.from(assignment),
      })),
    });
    return { error: errorIn(answer), assignment: answer.assignment.toString() };
  }

  async heartbeat(): Promise<string> {
    return errorIn(await this.client.request('Heartbeat', this.identity()));
  }

  async commit(topic: string, offset: number, metadata: string | null = null, partition = 0): Promise<string> {
    const { groupId, generationId, memberId } = this;
    const topics = [{ topic, partitions: [{ partition, offset, metadata }] }];
    return errorIn(await ask(this.client, 'OffsetCommit', { groupId, generationId, memberId, topics }));
  }

  async leave(): Promise<string> {
    const { groupId, memberId, groupInstanceId } = this;
    return errorIn(await this.client.request('LeaveGroup', { groupId, members: [{ memberId, groupInstanceId }] }));
  }

  /** Joins as the only member and leads the group to its first assignment. */
  async settle(): Promise<this> {
    await this.join();
    await this.sync({ [this.memberId]: 'all' });
    return this;
  }

  /** The same member on another connection, for what it sends while a request of its own waits. */
  on(client: WireClient): GroupMember {
    const twin = new GroupMember(client, this.groupId, this.groupInstanceId);
    return Object.assign(twin, { memberId: this.memberId, generationId: this.generationId });
  }

  private identity() {
    const { groupId, generationId, memberId, groupInstanceId } = this;
    return { groupId, generationId, memberId, groupInstanceId };
  }
}
