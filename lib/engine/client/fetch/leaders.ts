import { wait } from '../../wait.js';
import type { Cluster } from '../connection/cluster.js';
import { ErrorCode } from '../connection/protocol-errors.js';
import type { PartitionState } from './partition-state.js';
import type { RepeatedLog } from '../repeated-log.js';

const retryDelayMs = 500;

/** Finds out who leads the partitions whose leader is not known (any more), in the background and for as long as it takes. */
export class Leaders {
  private isLooking = false;
  private stopped = false;
  private impatient = new AbortController();
  private missedBefore = '';

  constructor(
    private readonly cluster: Cluster,
    private readonly states: ReadonlyMap<string, PartitionState>,
    private readonly found: (state: PartitionState, leader: number) => void,
    private readonly missing: (topic: string) => void,
    private readonly log: RepeatedLog,
  ) {}

  /** More leaders are to be looked up, without delay. */
  look(): void {
    this.impatient.abort();
    if (!this.isLooking && !this.stopped) void this.lookUntilFound();
  }

  stop(): void {
    this.stopped = true;
    this.impatient.abort();
  }

  /** Ends in the same turn that finds nothing to look for. Never rejects. */
  private async lookUntilFound(): Promise<void> {
    this.isLooking = true;
    while (!this.stopped && this.lost.length > 0) {
      this.impatient = new AbortController();
      const { signal } = this.impatient;
      await this.lookOnce(this.lost).catch((error: Error) => {
        if (!this.stopped) this.log.warn(`Looking up leaders failed: ${error.message}`);
      });
      if (this.lost.length > 0) await wait(retryDelayMs, signal);
    }
    this.isLooking = false;
  }

  private get lost(): PartitionState[] {
    return [...this.states.values()].filter(({ isLost }) => isLost);
  }

  private async lookOnce(sought: readonly PartitionState[]): Promise<void> {
    const topics = await this.cluster.metadata([...new Set(sought.map(({ topic }) => topic))]);
    if (this.stopped) return;
    for (const { topic, topicErrorCode } of topics) {
      if (topicErrorCode === ErrorCode.UnknownTopicOrPartition) this.missing(topic);
    }
    const byTopic = new Map(topics.map(({ topic, partitionMetadata }) => [topic, partitionMetadata]));
    const leaderless = sought.filter((state) => {
      const known = byTopic.get(state.topic)?.find(({ partitionId }) => partitionId === state.partition);
      if (known === undefined || known.leader < 0) return true;
      if (!state.removed) this.found(state, known.leader);
      return false;
    });
    this.tellOfMissing(leaderless.map(({ name }) => name).join(', '));
  }

  /** A partition that was just created, or whose leader just went, has none for a moment. */
  private tellOfMissing(names: string): void {
    if (names !== '' && names === this.missedBefore) this.log.warn(`There is no leader for ${names}; looking again`);
    this.missedBefore = names;
  }
}
