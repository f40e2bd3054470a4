import type { CommittedEvent, ConsumerObserver } from '../../messaging/consumer-observer.js';
import type { PartitionPosition } from '../client/consumer-client.js';
import type { CommitListener } from './committer.js';

/** Tells an observer of a group's commits. */
export function commitListener(group: string, observer: ConsumerObserver): CommitListener {
  const eventOf = (positions: readonly PartitionPosition[]): CommittedEvent => ({
    group,
    positions: positions.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) })),
  });
  return {
    committed: (positions) => observer.committed(eventOf(positions)),
    commitFailed: (positions, error) => observer.commitFailed({ ...eventOf(positions), error }),
  };
}
