import type { EngineLogger } from '../logger.js';
import { settlesWithin, untilAborted, wait } from '../wait.js';
import type { ConnectionSettings, GroupSettings } from './client-settings.js';
import { Cluster } from './connection/cluster.js';
import {
  partitionName,
  type ConsumerClient,
  type ConsumerClientListener,
  type PartitionPosition,
  type TopicPartition,
} from './consumer-client.js';
import { Fetcher, type FetchedRecordsListener } from './fetch/fetcher.js';
import { commitOffsets } from './group/group-offsets.js';
import { Heartbeats, type MembershipEnd } from './group/heartbeats.js';
import { Membership } from './group/membership.js';
import { PositionReader } from './positions/position-reader.js';
import { sameTopics, TopicSubscription, type SubscribedTopics } from './group/topic-subscription.js';

const topicsIntervalMs = 60_000;
const missingTopicsIntervalMs = 2_000;
const positionsIntervalMs = 500;
const longestDrainMs = 5_000;

/** What ends the reading of one assignment. */
type AssignmentEnd = MembershipEnd | { kind: 'closed' } | { kind: 'topics-changed' };

/**
 * A consumer of our own on kafkajs's connections: one member of a group with eager rebalances. Whatever it owns is given
 * up in an awaited revocation before it rejoins, so that nothing completed is left uncommitted.
 */
export class GroupClient implements ConsumerClient {
  private readonly closing = new AbortController();
  private readonly cluster: Cluster;
  private readonly membership: Membership;
  private readonly subscription: TopicSubscription;
  private readonly positions: PositionReader;
  private heartbeats: Heartbeats | undefined;
  private fetcher: Fetcher | undefined;
  private onVanished = (): void => undefined;
  private stopping = false;

  constructor(
    connection: ConnectionSettings,
    private readonly settings: GroupSettings,
    private readonly listener: ConsumerClientListener,
    private readonly logger: EngineLogger,
  ) {
    this.cluster = new Cluster(connection, logger);
    this.membership = new Membership(this.cluster, settings, logger, this.closing.signal);
    this.subscription = new TopicSubscription(this.cluster, settings.topics, logger);
    const fromBeginning = (topic: string): boolean => settings.startFromBeginning || this.subscription.isLate(topic);
    this.positions = new PositionReader(this.cluster, this.membership, fromBeginning, logger);
  }

  async run(): Promise<void> {
    const closed = untilAborted(this.closing.signal);
    try {
      await Promise.race([this.serve(), closed]); // whatever it waits for, an answer or a token, a close does not
      await closed;
    } catch (error) {
      if (this.closing.signal.aborted) return;
      await this.close(drainBudgetMs(this.settings));
      throw error;
    }
  }

  get isLive(): boolean {
    return this.heartbeats?.expired === false;
  }

  pause(partition: TopicPartition): void {
    this.fetcher?.pause(partition);
  }

  resume(partition: TopicPartition): void {
    this.fetcher?.resume(partition);
  }

  commit(offsets: readonly PartitionPosition[]): Promise<void> {
    return commitOffsets(this.membership, offsets);
  }

  stopFetching(): void {
    this.stopping = true;
    this.fetcher?.stop();
  }

  async close(deadlineMs: number): Promise<void> {
    this.stopFetching();
    this.closing.abort();
    const left = this.membership.leave().catch((error: Error) => {
      this.logger.warn(`Leaving group "${this.settings.group}" failed, its session will expire: ${error.message}`);
    });
    if (!(await settlesWithin(left, deadlineMs))) {
      this.logger.warn(
        `Leaving group "${this.settings.group}" was not answered within ${deadlineMs} ms, its session will expire`,
      );
    }
    await this.cluster.close();
  }

  private async serve(): Promise<void> {
    while (!this.stopping) await this.serveOneAssignment();
  }

  /** From a join to the end of its assignment. */
  private async serveOneAssignment(): Promise<void> {
    const topics = await this.untilTopicsExist();
    if (this.stopping) return;
    const owned = await this.membership.join([...topics.keys()]);
    if (this.closing.signal.aborted) return;
    const assignment = new AbortController();
    try {
      const ended = this.untilEnd(topics, assignment.signal);
      const over = AbortSignal.any([assignment.signal, whenSettled(ended)]);
      await this.read(owned, topics, over);
      await this.giveUp(owned, await ended);
    } finally {
      assignment.abort();
      this.fetcher?.stop();
    }
  }

  private async untilTopicsExist(): Promise<SubscribedTopics> {
    for (;;) {
      const topics = await this.subscription.resolve();
      if (topics.size > 0 || this.stopping) return topics;
      await wait(missingTopicsIntervalMs, this.closing.signal);
    }
  }

  /** Heartbeats and a look at the topics now and then, until one of them or a close ends the assignment. */
  private untilEnd(topics: SubscribedTopics, assignment: AbortSignal): Promise<AssignmentEnd> {
    return new Promise((resolve) => {
      const heartbeats = new Heartbeats(() => this.membership.heartbeat(), this.settings, resolve, this.logger);
      this.heartbeats = heartbeats;
      assignment.addEventListener('abort', () => heartbeats.stop(), { once: true });
      this.closing.signal.addEventListener('abort', () => resolve({ kind: 'closed' }), { signal: assignment });
      heartbeats.start();
      const onChange = (): void => resolve({ kind: 'topics-changed' });
      this.onVanished = () => void wait(missingTopicsIntervalMs, assignment).then(onChange);
      void this.watchTopics(topics, assignment, onChange);
    });
  }

  private async watchTopics(topics: SubscribedTopics, assignment: AbortSignal, onChange: () => void): Promise<void> {
    while (!assignment.aborted) {
      await wait(this.subscription.incomplete ? missingTopicsIntervalMs : topicsIntervalMs, assignment);
      if (assignment.aborted) return;
      try {
        if (this.concernsUs(topics, await this.subscription.resolve())) onChange();
      } catch (error) {
        this.logger.warn(`Looking for new topics failed, trying again: ${(error as Error).message}`);
      }
    }
  }

  /** A join with the same topics starts a rebalance only when it comes from the leader. */
  private concernsUs(before: SubscribedTopics, now: SubscribedTopics): boolean {
    if (this.membership.isLeader) return !sameTopics(before, now);
    return before.size !== now.size || [...now.keys()].some((topic) => !before.has(topic));
  }

  /**
   * Positions first, then the engine, then the records. A partition whose position is not to be had yet (no leader, a
   * coordinator on the move) is tried again and keeps no other waiting.
   */
  private async read(owned: readonly TopicPartition[], topics: SubscribedTopics, over: AbortSignal): Promise<void> {
    this.fetcher = new Fetcher(this.cluster, this.settings, this.fetched(owned), this.logger);
    let pending = owned;
    for (let attempt = 1; !over.aborted && !this.stopping; attempt++) {
      const positions = await this.positions.read(pending, topics);
      if (over.aborted || this.stopping) return;
      if (positions.length > 0 || pending.length === 0) {
        this.listener.assigned(positions);
        await this.fetcher.start(positions);
      }
      const placed = new Set(positions.map(partitionName));
      pending = pending.filter((partition) => !placed.has(partitionName(partition)));
      if (pending.length === 0) return;
      if (attempt === 1) this.logger.warn(`No position yet for ${pending.map(partitionName).join(', ')}; trying again`);
      await wait(positionsIntervalMs, over);
    }
  }

  private fetched(owned: readonly TopicPartition[]): FetchedRecordsListener {
    return {
      records: (partition, records, next) => this.listener.records(partition, records, next),
      repositioned: (position) => this.listener.repositioned(position),
      vanished: (topic) => {
        this.logger.warn(`Topic "${topic}" is gone: what waits of it is dropped, and it is looked for again`);
        this.subscription.vanished(topic);
        this.listener.lost(owned.filter((partition) => partition.topic === topic));
        this.onVanished();
      },
    };
  }

  private async giveUp(owned: readonly TopicPartition[], end: AssignmentEnd): Promise<void> {
    this.fetcher?.stop();
    if (end.kind === 'closed') return;
    if (end.kind === 'lost') {
      this.logger.warn(`Lost the membership in group "${this.settings.group}", joining again: ${end.reason}`);
      this.membership.forget();
      return this.listener.lost(owned);
    }
    if (this.stopping) return untilAborted(this.closing.signal); // the drain of the stop has its own time
    this.logger.log(
      `Group "${this.settings.group}" is rebalancing${end.kind === 'topics-changed' ? ': its topics changed' : ''}`,
    );
    await this.listener.revoked(owned, drainBudgetMs(this.settings));
  }
}

/** How long running handlers may hold up a rebalance. */
function drainBudgetMs({ sessionTimeoutMs, rebalanceTimeoutMs }: GroupSettings): number {
  return Math.min(longestDrainMs, sessionTimeoutMs / 2, rebalanceTimeoutMs / 3);
}

function whenSettled(promise: Promise<unknown>): AbortSignal {
  const settled = new AbortController();
  void promise.finally(() => settled.abort());
  return settled.signal;
}
