import { ErrorCode, isCoordinatorMoved, throwOnError } from '../connection/protocol-errors.js';
import type { CommittedOffset, CommittedOffsets } from '../positions/start-positions.js';
import type { GroupCoordinator } from './group-coordinator.js';

interface OffsetFetchResponse {
  errorCode?: number;
  responses: {
    topic: string;
    partitions: { partition: number; offset: string; metadata: string | null; errorCode: number }[];
  }[];
}

/**
 * What a group has committed for topics, all partitions, by topic. A topic that may not be read is left out.
 *
 * @param topics with the number of their partitions
 * @throws when there is none that may
 */
export async function fetchCommitted(
  coordinator: Pick<GroupCoordinator, 'request' | 'moved'>,
  topics: ReadonlyMap<string, number>,
): Promise<CommittedOffsets> {
  const request = [...topics].map(([topic, count]) => ({
    topic,
    partitions: Array.from({ length: count }, (_, partition) => ({ partition })),
  }));
  const { errorCode = ErrorCode.None, responses } = await coordinator.request<OffsetFetchResponse>(
    'offsets',
    'OffsetFetch',
    { topics: request },
  );
  if (isCoordinatorMoved(errorCode)) coordinator.moved();
  throwOnError(errorCode, 'reading committed offsets');
  const readable = responses.filter(({ partitions }) => partitions.every((read) => read.errorCode === 0));
  const committed = readable.length > 0 ? readable : responses; // so that the error of one is told
  return new Map(
    committed.map(({ topic, partitions }) => [topic, partitions.map((read) => readCommitted(topic, read))]),
  );
}

function readCommitted(topic: string, read: OffsetFetchResponse['responses'][0]['partitions'][0]): CommittedOffset {
  throwOnError(read.errorCode, `reading the committed offset of ${topic}-${read.partition}`);
  return { partition: read.partition, offset: Number(read.offset), metadata: read.metadata };
}
