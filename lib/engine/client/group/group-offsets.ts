import { settlesWithin } from '../../wait.js';
import { byTopic } from '../connection/by-topic.js';
import { describe, ErrorCode, isCoordinatorMoved, isMembershipLost } from '../connection/protocol-errors.js';
import type { PartitionPosition, TopicPartition } from '../consumer-client.js';
import type { CommittedOffsets } from '../positions/start-positions.js';
import { fetchCommitted } from './committed-offsets.js';
import { commitFailed, type CommitFailure } from './commit-failures.js';
import type { GroupCoordinator } from './group-coordinator.js';
import type { Membership } from './membership.js';
import { fetchStable, type StableOffset } from './stable-offsets.js';
import type { SubscribedTopics } from './topic-subscription.js';

interface OffsetCommitResponse {
  responses: { topic: string; partitions: { partition: number; errorCode: number }[] }[];
}

/** What the committing of offsets needs to know, and tells, of their partitions. */
export interface CommitGate {
  /** Why a partition may not be committed now, as it goes on after its name; `undefined` for one that may. */
  refusal(partition: TopicPartition): string | undefined;

  /** The coordinator does not know a topic (any more). */
  missing(topic: string): void;
}

type CommitPosition = PartitionPosition & { metadata?: string };

/** What a group has committed, and how this member commits. */
export class GroupOffsets {
  /** @param patienceMs how long the answer to a commit may take: others wait for it */
  constructor(
    private readonly coordinator: GroupCoordinator,
    private readonly membership: Membership,
    private readonly gate: CommitGate,
    private readonly patienceMs: number,
  ) {}

  /** @throws see {@link fetchCommitted} */
  fetch(topics: SubscribedTopics): Promise<CommittedOffsets> {
    return fetchCommitted(this.coordinator, topics);
  }

  /** @throws see {@link fetchStable} */
  fetchStable(partitions: readonly TopicPartition[]): Promise<StableOffset[]> {
    return fetchStable(this.coordinator, partitions);
  }

  /**
   * Commits what may be committed. The broker would take any offset of a member, also that of a partition which is
   * another's; the gate is asked in the same instant as the generation that the request names, and what a rebalance takes
   * away later is of a generation that has ended by then.
   *
   * @throws CommitFailedError that lists all that is not committed
   */
  async commit(offsets: readonly CommitPosition[]): Promise<void> {
    const { identity } = this.membership;
    // Without a generation the broker would take it for the commit of an administrator.
    const outside = identity ? undefined : 'refused: this process is no member of the group now';
    const failures: CommitFailure[] = [];
    const admitted: CommitPosition[] = [];
    for (const position of offsets) {
      const reason = outside ?? this.gate.refusal(position);
      if (reason === undefined) admitted.push(position);
      else failures.push({ ...position, reason });
    }
    if (identity && admitted.length > 0) failures.push(...(await this.send(identity, admitted)));
    if (failures.length > 0) throw commitFailed(failures);
  }

  private async send(identity: object, offsets: readonly CommitPosition[]): Promise<CommitFailure[]> {
    const topics = byTopic(offsets, ({ partition, offset, metadata = null }) => ({
      partition,
      offset: String(offset),
      metadata,
    }));
    try {
      const { responses } = await this.answerInTime({ ...identity, topics });
      return this.failuresIn(responses);
    } catch (cause) {
      return offsets.map((position) => ({ ...position, reason: `failed: ${(cause as Error).message}`, cause }));
    }
  }

  /** A connection may be dead and not say so: the next commit goes out on a new one. */
  private async answerInTime(request: object): Promise<OffsetCommitResponse> {
    const answer = this.coordinator.request<OffsetCommitResponse>('offsets', 'OffsetCommit', request);
    if (await settlesWithin(answer, this.patienceMs)) return answer;
    void this.coordinator.abandon('offsets');
    throw new Error(`the coordinator did not answer within ${this.patienceMs} ms`);
  }

  private failuresIn(responses: OffsetCommitResponse['responses']): CommitFailure[] {
    const results = responses.flatMap(({ topic, partitions }) => partitions.map((result) => ({ topic, ...result })));
    const failed = results.filter(({ errorCode }) => errorCode !== ErrorCode.None);
    if (failed.some(({ errorCode }) => isCoordinatorMoved(errorCode))) this.coordinator.moved();
    if (failed.some(({ errorCode }) => isMembershipLost(errorCode))) this.membership.suspect();
    for (const { topic, errorCode } of failed) {
      if (errorCode === ErrorCode.UnknownTopicOrPartition) this.gate.missing(topic);
    }
    return failed.map((result) => ({ ...result, reason: describe(result.errorCode, 'failed').message }));
  }
}
