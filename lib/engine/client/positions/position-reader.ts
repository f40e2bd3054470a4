import type { EngineLogger } from '../../logger.js';
import type { Cluster } from '../connection/cluster.js';
import type { PartitionPosition, TopicPartition } from '../consumer-client.js';
import { commitOffsets, fetchCommitted } from '../group/group-offsets.js';
import { listOffsets } from './log-offsets.js';
import type { Membership } from '../group/membership.js';
import { markFirstStart, startPositions } from './start-positions.js';
import type { SubscribedTopics } from '../group/topic-subscription.js';

/** Finds out where a group goes on: at what it has committed, or at a first position of its own. */
export class PositionReader {
  constructor(
    private readonly cluster: Cluster,
    private readonly membership: Membership,
    private readonly startFromBeginning: (topic: string) => boolean,
    private readonly logger: EngineLogger,
  ) {}

  /** The positions of those partitions that have one now; why the others have none is logged. */
  async read(partitions: readonly TopicPartition[], topics: SubscribedTopics): Promise<readonly PartitionPosition[]> {
    try {
      return await this.tryRead(partitions, topics);
    } catch (error) {
      this.logger.warn(`Reading positions failed: ${(error as Error).message}`);
      return [];
    }
  }

  /** First positions are committed at once: the next start would choose anew. */
  private async tryRead(
    partitions: readonly TopicPartition[],
    topics: SubscribedTopics,
  ): Promise<readonly PartitionPosition[]> {
    const read = new Set(partitions.map(({ topic }) => topic));
    const committed = await fetchCommitted(this.membership, new Map([...topics].filter(([topic]) => read.has(topic))));
    const { known, first } = startPositions(partitions, committed, this.startFromBeginning);
    const beginnings = await listOffsets(this.cluster, first.beginning, 'beginning');
    const ends = await listOffsets(this.cluster, first.end, 'end');
    const chosen = [...beginnings, ...ends].map((start) => markFirstStart(start, committed));
    if (chosen.length > 0) await commitOffsets(this.membership, chosen);
    return [...known, ...chosen];
  }
}
