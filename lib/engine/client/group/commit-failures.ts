import { grouped } from '../assignment/grouped.js';
import { ErrorCode } from '../connection/protocol-errors.js';
import { CommitFailedError, partitionName, type TopicPartition } from '../consumer-client.js';

/** Why the offset of a partition is not committed. */
export interface CommitFailure extends TopicPartition {
  /** Goes on after the partition's name. */
  readonly reason: string;

  /** Of the broker's answer. */
  readonly errorCode?: number;

  /** Why there was no answer. */
  readonly cause?: unknown;
}

/** One error for all of them, which tells each reason once. */
export function commitFailed(failures: readonly CommitFailure[]): CommitFailedError {
  const byReason = grouped(failures.map((failure) => [failure.reason, partitionName(failure)] as const));
  const reasons = [...byReason].map(([reason, names]) => `${names.join(', ')} ${reason}`);
  const metadataTooLarge = failures.filter(({ errorCode }) => errorCode === ErrorCode.OffsetMetadataTooLarge);
  return new CommitFailedError(`Offset commit of ${reasons.join('; of ')}`, failures.map(place), {
    metadataTooLarge: metadataTooLarge.map(place),
    cause: failures.find(({ cause }) => cause !== undefined)?.cause,
  });
}

function place({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
