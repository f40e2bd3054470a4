import { byTopic } from '../connection/by-topic.js';
import type { TopicPartition } from '../consumer-client.js';
import type { Membership } from './membership.js';
import { describe, ErrorCode, isCoordinatorMoved, throwOnError } from '../connection/protocol-errors.js';
import type { CommittedOffset } from '../positions/start-positions.js';
import type { SubscribedTopics } from './topic-subscription.js';

/** An offset to commit, with the metadata Kafka keeps beside it. */
export interface OffsetToCommit extends TopicPartition {
  offset: number;
  metadata?: string;
}

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

/** A commit that the broker did not take. The offsets stay open and can be committed again while the partition is owned. */
export class CommitFailedError extends Error {
  override readonly name = 'CommitFailedError';
}

/** What the group has committed for the topics, all partitions, by topic. */
export async function fetchCommitted(
  membership: Membership,
  topics: SubscribedTopics,
): Promise<ReadonlyMap<string, CommittedOffset[]>> {
  const request = [...topics].map(([topic, count]) => ({
    topic,
    partitions: Array.from({ length: count }, (_, partition) => ({ partition })),
  }));
  const { errorCode, responses } = await membership.request<OffsetFetchResponse>('OffsetFetch', { topics: request });
  throwOnError(errorCode ?? ErrorCode.None, 'reading committed offsets');
  return new Map(
    responses.map(({ topic, partitions }) => [topic, partitions.map((read) => readCommitted(topic, read))]),
  );
}

function readCommitted(topic: string, read: OffsetFetchResponse['responses'][0]['partitions'][0]): CommittedOffset {
  throwOnError(read.errorCode, `reading the committed offset of ${topic}-${read.partition}`);
  return { partition: read.partition, offset: Number(read.offset), metadata: read.metadata };
}

/** @throws CommitFailedError */
export async function commitOffsets(membership: Membership, offsets: readonly OffsetToCommit[]): Promise<void> {
  // Without a generation the broker would take it for the commit of an administrator.
  if (!membership.isMember)
    throw new CommitFailedError('Offset commit refused: this process is no member of the group now');
  const { responses } = await membership.request<OffsetCommitResponse>('OffsetCommit', {
    groupGenerationId: membership.currentGeneration,
    topics: byTopic(offsets, ({ partition, offset, metadata = null }) => ({
      partition,
      offset: String(offset),
      metadata,
    })),
  });
  const results = responses.flatMap(({ topic, partitions }) => partitions.map((result) => ({ topic, ...result })));
  const failed = results.find(({ errorCode }) => errorCode !== ErrorCode.None);
  if (!failed) return;
  if (isCoordinatorMoved(failed.errorCode)) await membership.dropCoordinator();
  throw new CommitFailedError(
    describe(failed.errorCode, `Offset commit of ${failed.topic}-${failed.partition} failed`).message,
  );
}
