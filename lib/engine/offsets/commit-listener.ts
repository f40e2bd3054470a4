import type { CommittedEvent, ConsumerObserver } from '../../messaging/consumer-observer.js';
import type { PartitionPosition } from '../client/consumer-client.js';
import type { CommitListener } from './committer.js';

/** Tells an observer of a group's commits. */
export function commitListener(group: string, observer: ConsumerObserver): CommitListener {
  const eventOf = (positions: readonly PartitionPosition[], durationMs: number): CommittedEvent => ({
    group,
    durationMs,
    positions: positions.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) })),
  });
  return {
    committed: (positions, durationMs) => observer.committed(eventOf(positions, durationMs)),
    commitFailed: (positions, error, durationMs) => observer.commitFailed({ ...eventOf(positions, durationMs), error }),
  };
}
