import { byTopic } from '../connection/by-topic.js';
import {
  describe,
  ErrorCode,
  isCoordinatorMoved,
  isMembershipLost,
  throwOnError,
} from '../connection/protocol-errors.js';
import { CommitFailedError, partitionName, type PartitionPosition } from '../consumer-client.js';
import type { CommittedOffset } from '../positions/start-positions.js';
import type { GroupCoordinator } from './group-coordinator.js';
import type { Membership } from './membership.js';
import type { SubscribedTopics } from './topic-subscription.js';

interface OffsetFetchResponse {
  errorCode?: number;
  responses: {
    topic: string;
    partitions: { partition: number; offset: string; metadata: string | null; errorCode: number }[];
  }[];
}

interface OffsetCommitResponse {
  responses: { topic: string; partitions: { partition: number; errorCode: number }[] }[];
}

/** What a group has committed, and how this member commits. */
export class GroupOffsets {
  constructor(
    private readonly coordinator: GroupCoordinator,
    private readonly membership: Membership,
  ) {}

  /**
   * What the group has committed for the topics, all partitions, by topic. A topic that may not be read is left out.
   *
   * @throws when there is none that may
   */
  async fetch(topics: SubscribedTopics): Promise<ReadonlyMap<string, CommittedOffset[]>> {
    const request = [...topics].map(([topic, count]) => ({
      topic,
      partitions: Array.from({ length: count }, (_, partition) => ({ partition })),
    }));
    const { errorCode = ErrorCode.None, responses } = await this.coordinator.request<OffsetFetchResponse>(
      'offsets',
      'OffsetFetch',
      { topics: request },
    );
    if (isCoordinatorMoved(errorCode)) this.coordinator.moved();
    throwOnError(errorCode, 'reading committed offsets');
    const readable = responses.filter(({ partitions }) => partitions.every((read) => read.errorCode === 0));
    const committed = readable.length > 0 ? readable : responses; // so that the error of one is told
    return new Map(
      committed.map(({ topic, partitions }) => [topic, partitions.map((read) => readCommitted(topic, read))]),
    );
  }

  /** @throws CommitFailedError */
  async commit(offsets: readonly (PartitionPosition & { metadata?: string })[]): Promise<void> {
    const { identity } = this.membership;
    // Without a generation the broker would take it for the commit of an administrator.
    if (!identity)
      throw new CommitFailedError('Offset commit refused: this process is no member of the group now', offsets);
    const topics = byTopic(offsets, ({ partition, offset, metadata = null }) => ({
      partition,
      offset: String(offset),
      metadata,
    }));
    const { responses } = await this.coordinator
      .request<OffsetCommitResponse>('offsets', 'OffsetCommit', { ...identity, topics })
      .catch((cause: Error) => {
        throw new CommitFailedError(`Offset commit failed: ${cause.message}`, offsets, { cause });
      });
    this.checkResults(responses);
  }

  private checkResults(responses: OffsetCommitResponse['responses']): void {
    const results = responses.flatMap(({ topic, partitions }) => partitions.map((result) => ({ topic, ...result })));
    const failed = results.filter(({ errorCode }) => errorCode !== ErrorCode.None);
    const [first] = failed;
    if (!first) return;
    if (failed.some(({ errorCode }) => isCoordinatorMoved(errorCode))) this.coordinator.moved();
    if (failed.some(({ errorCode }) => isMembershipLost(errorCode))) this.membership.suspect();
    const what = `Offset commit of ${failed.map(partitionName).join(', ')} failed`;
    throw new CommitFailedError(describe(first.errorCode, what).message, failed);
  }
}

function readCommitted(topic: string, read: OffsetFetchResponse['responses'][0]['partitions'][0]): CommittedOffset {
  throwOnError(read.errorCode, `reading the committed offset of ${topic}-${read.partition}`);
  return { partition: read.partition, offset: Number(read.offset), metadata: read.metadata };
}
