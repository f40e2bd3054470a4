import type { EngineLogger } from '../logger.js';
import { settlesWithin, untilAborted, wait } from '../wait.js';
import type { ConnectionSettings, GroupSettings } from './client-settings.js';
import { Cluster } from './connection/cluster.js';
import {
  CommitFailedError,
  partitionName,
  type ConsumerClient,
  type ConsumerClientListener,
  type PartitionPosition,
  type TopicPartition,
} from './consumer-client.js';
import { Fetcher } from './fetch/fetcher.js';
import { GroupCoordinator } from './group/group-coordinator.js';
import { GroupOffsets } from './group/group-offsets.js';
import { Membership } from './group/membership.js';
import { MissingTopics } from './group/missing-topics.js';
import { Ownership } from './group/ownership.js';
import { sameTopics, TopicSubscription, type SubscribedTopics } from './group/topic-subscription.js';
import { PositionReader } from './positions/position-reader.js';

const topicsIntervalMs = 60_000;
const missingTopicsIntervalMs = 2_000;
const positionsIntervalMs = 500;
const longestDrainMs = 5_000;

/**
 * A consumer of our own on kafkajs's connections: one member of a group. What an assignment takes away is given up in an
 * awaited revocation, so that nothing completed is left uncommitted; what stays is read on meanwhile, if the group's way
 * to divide partitions allows (KIP-429).
 */
export class GroupClient implements ConsumerClient {
  private readonly closing = new AbortController();
  private readonly cluster: Cluster;
  private readonly membership: Membership;
  private readonly offsets: GroupOffsets;
  private readonly subscription: TopicSubscription;
  private readonly positions: PositionReader;
  private readonly fetcher: Fetcher;
  private readonly owned = new Ownership();

  /** Fires when it is time to join again. */
  private assignmentOver = new AbortController();
  private stopping = false;
  private closed: Promise<void> | undefined;

  constructor(
    connection: ConnectionSettings,
    private readonly settings: GroupSettings,
    private readonly listener: ConsumerClientListener,
    private readonly logger: EngineLogger,
  ) {
    this.cluster = new Cluster(connection, logger);
    const coordinator = new GroupCoordinator(this.cluster, settings.group);
    const events = { rebalancing: () => this.rebalancing(), lost: (reason: string) => this.lost(reason) };
    this.membership = new Membership(coordinator, this.cluster, settings, events, logger, this.closing.signal);
    this.offsets = new GroupOffsets(coordinator, this.membership);
    this.subscription = new TopicSubscription(this.cluster, settings.topics, logger);
    const fromBeginning = (topic: string): boolean => settings.startFromBeginning || this.subscription.isLate(topic);
    const isOwned = (partition: TopicPartition): boolean => this.owned.has(partition);
    this.positions = new PositionReader(this.cluster, this.offsets, fromBeginning, isOwned, logger);
    const owned = (): TopicPartition[] => this.owned.all;
    const gone = (topic: string): void => void this.vanished(topic);
    const missing = new MissingTopics(this.cluster, this.offsets, owned, gone, this.closing.signal);
    const fetched = {
      records: listener.records.bind(listener),
      repositioned: listener.repositioned.bind(listener),
      missing: (topic: string) => void missing.report(topic),
    };
    this.fetcher = new Fetcher(this.cluster, settings, fetched, logger);
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
    return this.membership.isLive;
  }

  pause(partition: TopicPartition): void {
    this.fetcher.pause(partition);
  }

  resume(partition: TopicPartition): void {
    this.fetcher.resume(partition);
  }

  seek(position: PartitionPosition): void {
    this.fetcher.seek(position);
  }

  position(partition: TopicPartition): number | undefined {
    return this.fetcher.position(partition);
  }

  /** The broker would take any offset from a member, also that of a partition that is another's by now. */
  async commit(offsets: readonly (PartitionPosition & { metadata?: string })[]): Promise<void> {
    const owned = offsets.filter((position) => this.owned.includes(position));
    if (owned.length > 0) await this.offsets.commit(owned);
    if (owned.length === offsets.length) return;
    const foreign = offsets.filter((position) => !owned.includes(position));
    const names = foreign.map(partitionName).join(', ');
    throw new CommitFailedError(`Offset commit of ${names} refused: this member does not own them now`, foreign);
  }

  stopFetching(): void {
    this.stopping = true;
    this.fetcher.stop();
  }

  close(deadlineMs: number): Promise<void> {
    return (this.closed ??= this.closeOnce(deadlineMs));
  }

  private async closeOnce(deadlineMs: number): Promise<void> {
    this.stopFetching();
    this.closing.abort();
    this.assignmentOver.abort();
    if (this.settings.leaveOnStop) await this.leave(deadlineMs);
    await this.cluster.close();
  }

  private async leave(deadlineMs: number): Promise<void> {
    const { group } = this.settings;
    const left = this.membership.leave().catch((error: Error) => {
      this.logger.warn(`Leaving group "${group}" failed, its session will expire: ${error.message}`);
    });
    if (await settlesWithin(left, deadlineMs)) return;
    this.logger.warn(`Leaving group "${group}" was not answered within ${deadlineMs} ms, its session will expire`);
  }

  private async serve(): Promise<void> {
    while (!this.stopping) {
      const topics = await this.untilTopicsExist();
      if (this.stopping) return;
      if (!this.membership.isCooperative) await this.giveUp(this.owned.all);
      if (this.stopping) return;
      await this.serveOneAssignment(topics);
    }
  }

  /** From a join to the end of its assignment. */
  private async serveOneAssignment(topics: SubscribedTopics): Promise<void> {
    const assigned = await this.join(topics);
    if (this.stopping) return this.assignmentOver.abort();
    const { added, revoked } = this.owned.compare(assigned);
    const over = this.assignmentOver.signal;
    void this.watchTopics(topics, over);
    void this.startReading(added, topics);
    await this.giveUp(revoked);
    if (revoked.length > 0) this.assignmentOver.abort(); // those they go to wait for our next join
    await untilAborted(over);
  }

  private async join(topics: SubscribedTopics): Promise<readonly TopicPartition[]> {
    const assigned = await this.membership.join(() => ({ topics: [...topics.keys()], owned: this.owned.all }));
    this.assignmentOver = new AbortController();
    if (!this.membership.identity) {
      this.assignmentOver.abort(); // lost in the moment of joining
      return [];
    }
    const foreign = assigned.filter(({ topic }) => !topics.has(topic));
    if (foreign.length > 0) this.refuse(foreign);
    return assigned.filter(({ topic }) => topics.has(topic));
  }

  /** A leader of plain kafkajs gives its own topics to everybody. To read what we do not handle would skip it. */
  private refuse(foreign: readonly TopicPartition[]): void {
    const names = foreign.map(partitionName).toSorted().join(', ');
    this.logger.warn(
      `Group "${this.settings.group}" has assigned ${names} to this member, which did not subscribe to them: nobody reads them ` +
        'until all members of the group subscribe to the same topics, or are of this package',
    );
  }

  private async untilTopicsExist(): Promise<SubscribedTopics> {
    for (;;) {
      const topics = await this.resolveTopics();
      if (topics && topics.size > 0) return topics;
      if (topics) await this.leaveWithoutTopics();
      await wait(missingTopicsIntervalMs, this.closing.signal);
      if (this.stopping) return new Map();
    }
  }

  /** A member keeps its place while no broker answers; one that has none yet does not start. */
  private async resolveTopics(): Promise<SubscribedTopics | undefined> {
    try {
      return await this.subscription.resolve();
    } catch (error) {
      if (!this.membership.identity) throw error;
      this.logger.warn(`Looking up topics failed, trying again: ${(error as Error).message}`);
      return undefined;
    }
  }

  private async leaveWithoutTopics(): Promise<void> {
    if (!this.membership.identity) return;
    this.lose(this.owned.all);
    await this.leave(drainBudgetMs(this.settings));
  }

  private async watchTopics(topics: SubscribedTopics, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await wait(this.subscription.incomplete ? missingTopicsIntervalMs : topicsIntervalMs, over);
      if (over.aborted) return;
      const now = await this.resolveTopics().catch(() => undefined); // outside of the group the next join looks itself
      if (!over.aborted && now && !sameTopics(topics, now)) this.joinAgain('its topics changed');
    }
  }

  /**
   * Positions first, then the engine, then the records. A partition whose position is not to be had yet (no leader, a
   * coordinator on the move) is tried again and keeps no other waiting.
   */
  private async startReading(added: readonly TopicPartition[], topics: SubscribedTopics): Promise<void> {
    if (this.owned.all.length === 0) this.listener.assigned([]);
    let pending = added;
    for (let attempt = 1; pending.length > 0; attempt++) {
      const positions = await this.positions.read(pending, topics);
      if (this.stopping) return;
      pending = pending.filter((partition) => this.owned.has(partition));
      const found = new Map(positions.map((position) => [partitionName(position), position]));
      const placed = pending.flatMap((partition) => found.get(partitionName(partition)) ?? []);
      if (placed.length > 0) this.listener.assigned(placed);
      this.fetcher.add(placed);
      pending = pending.filter((partition) => !found.has(partitionName(partition)));
      if (pending.length === 0) return;
      if (attempt === 1) this.logger.warn(`No position yet for ${pending.map(partitionName).join(', ')}; trying again`);
      await wait(positionsIntervalMs, this.closing.signal);
    }
  }

  private async giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    this.fetcher.remove(partitions);
    await this.listener.revoked(partitions, drainBudgetMs(this.settings));
    this.owned.drop(partitions);
  }

  private rebalancing(): void {
    this.joinAgain('its members change');
  }

  private joinAgain(reason: string): void {
    if (this.stopping || this.assignmentOver.signal.aborted) return; // the drain of a stop has its own time
    this.logger.log(`Group "${this.settings.group}" is rebalancing: ${reason}`);
    this.assignmentOver.abort();
  }

  private lost(reason: string): void {
    this.logger.warn(`Lost the membership in group "${this.settings.group}", joining again: ${reason}`);
    this.lose(this.owned.all);
    this.assignmentOver.abort();
  }

  private lose(partitions: readonly TopicPartition[]): void {
    if (partitions.length === 0) return;
    this.fetcher.remove(partitions);
    this.owned.drop(partitions);
    this.listener.lost(partitions);
  }

  /** What is known of its offsets may be of another log by the time it is there again. */
  private async vanished(topic: string): Promise<void> {
    this.logger.warn(`Topic "${topic}" is gone: what waits of it is dropped, and it is looked for again`);
    this.subscription.vanished(topic);
    this.lose(this.owned.all.filter((partition) => partition.topic === topic));
    await wait(missingTopicsIntervalMs, this.closing.signal);
    this.joinAgain(`topic "${topic}" was gone`);
  }
}

/** How long running handlers may hold up a rebalance. */
function drainBudgetMs({ sessionTimeoutMs, rebalanceTimeoutMs }: GroupSettings): number {
  return Math.min(longestDrainMs, sessionTimeoutMs / 2, rebalanceTimeoutMs / 3);
}
