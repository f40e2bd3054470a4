import type { EngineLogger } from '../../logger.js';
import type { Cluster } from '../connection/cluster.js';
import { CommitFailedError, partitionName, type CommittedPosition, type TopicPartition } from '../consumer-client.js';
import type { GroupOffsets } from '../group/group-offsets.js';
import type { SubscribedTopics } from '../group/topic-subscription.js';
import { RepeatedLog } from '../repeated-log.js';
import { listOffsets } from './log-offsets.js';
import { markFirstStart, startPositions } from './start-positions.js';

/** Finds out where a group goes on: at what it has committed, or at a first position of its own. */
export class PositionReader {
  private readonly repeated: RepeatedLog;

  constructor(
    private readonly cluster: Cluster,
    private readonly offsets: GroupOffsets,
    private readonly startFromBeginning: (topic: string) => boolean,
    private readonly isOwned: (partition: TopicPartition) => boolean,
    private readonly isTransactional: boolean,
    logger: EngineLogger,
  ) {
    this.repeated = new RepeatedLog(logger);
  }

  /** The positions of those partitions that have one now; why the others have none is logged. */
  async read(partitions: readonly TopicPartition[], topics: SubscribedTopics): Promise<readonly CommittedPosition[]> {
    try {
      return await this.tryRead(partitions, topics);
    } catch (error) {
      this.repeated.warn(`Reading positions failed: ${(error as Error).message}`);
      return [];
    }
  }

  /** First positions are committed at once: the next start would choose anew. */
  private async tryRead(
    partitions: readonly TopicPartition[],
    topics: SubscribedTopics,
  ): Promise<readonly CommittedPosition[]> {
    const committed = await this.offsets.fetch(partitionCounts(partitions, topics));
    const readable = partitions.filter(({ topic }) => committed.has(topic));
    const { known, first } = startPositions(readable, committed, this.startFromBeginning);
    const beginnings = await listOffsets(this.cluster, first.beginning, 'beginning');
    const ends = await listOffsets(this.cluster, first.end, 'end');
    const owned = new Set(partitions.filter((partition) => this.isOwned(partition)).map(partitionName));
    const still = [...beginnings, ...ends].filter((start) => owned.has(partitionName(start)));
    const chosen = still.map((start) => markFirstStart(start, committed));
    return [...(await this.settled(known)), ...(await this.commit(chosen))];
  }

  /** Those that no transaction under way may change. */
  private async settled(known: readonly CommittedPosition[]): Promise<readonly CommittedPosition[]> {
    if (!this.isTransactional || known.length === 0) return known;
    const stable = await this.offsets.fetchStable(known);
    return stable.map(({ topic, partition, offset, metadata }) => ({
      topic,
      partition,
      offset,
      metadata: metadata ?? '',
    }));
  }

  /** @returns those that were committed: a topic that may not be committed keeps no other waiting */
  private async commit(chosen: readonly CommittedPosition[]): Promise<readonly CommittedPosition[]> {
    if (chosen.length === 0) return [];
    try {
      await this.offsets.commit(chosen);
      return chosen;
    } catch (error) {
      if (!(error instanceof CommitFailedError)) throw error;
      const tooLong = among(chosen, error.metadataTooLarge).filter(({ metadata }) => metadata !== '');
      this.repeated.warn(error.message);
      const failed = new Set(among(chosen, error.failed));
      const withoutMetadata = await this.commit(tooLong.map((position) => ({ ...position, metadata: '' })));
      return [...chosen.filter((position) => !failed.has(position)), ...withoutMetadata];
    }
  }
}

function among<T extends TopicPartition>(positions: readonly T[], partitions: readonly TopicPartition[]): T[] {
  const names = new Set(partitions.map(partitionName));
  return positions.filter((position) => names.has(partitionName(position)));
}

/** Of the topics to ask for: the leader may have seen partitions that we have not. */
function partitionCounts(partitions: readonly TopicPartition[], topics: SubscribedTopics): SubscribedTopics {
  const counts = new Map<string, number>();
  for (const { topic, partition } of partitions) {
    counts.set(topic, Math.max(counts.get(topic) ?? topics.get(topic) ?? 0, partition + 1));
  }
  return counts;
}
