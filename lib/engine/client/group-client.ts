import type { EngineLogger } from '../logger.js';
import { describeThrown } from '../describe-thrown.js';
import { placesField } from '../log-fields.js';
import { settlesWithin, untilAborted, wait } from '../wait.js';
import { drainBudgetMs, type ConnectionSettings, type GroupSettings } from './client-settings.js';
import { Cluster } from './connection/cluster.js';
import {
  partitionName,
  type ClientStatus,
  type ClientStep,
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
import { SideTopics } from './group/side-topics.js';
import { TopicSubscription, type SubscribedTopics } from './group/topic-subscription.js';
import { missingTopicsIntervalMs, TopicWatch } from './group/topic-watch.js';
import { guarded } from './guarded-listener.js';
import { RepeatedLog } from './repeated-log.js';
import { listOffsets, listOffsetsAt } from './positions/log-offsets.js';
import { PositionReader } from './positions/position-reader.js';

const positionsIntervalMs = 500;

/**
 * A consumer of our own on kafkajs's connections: one member of a group. What an assignment takes away is given up in an
 * awaited revocation, so that nothing completed is left uncommitted; what stays is read on meanwhile, if the group's way
 * to divide partitions allows (KIP-429).
 */
export class GroupClient implements ConsumerClient {
  private readonly listener: ConsumerClientListener;
  private readonly closing = new AbortController();

  /** Fires with what ends {@link run} before it is closed; errors that follow on it are logged. */
  private readonly failure = new AbortController();
  private readonly cluster: Cluster;
  private readonly membership: Membership;
  private readonly offsets: GroupOffsets;
  private readonly subscription: TopicSubscription;
  private readonly topics: TopicWatch;
  private readonly positions: PositionReader;
  private readonly fetcher: Fetcher;
  private readonly missing: MissingTopics;
  private readonly owned = new Ownership();
  private readonly repeated: RepeatedLog;

  /** What it joined for. */
  private subscribed: SubscribedTopics = new Map();

  /** Fires when it is time to join again. */
  private assignmentOver = new AbortController();
  private stopping = false;
  private step: ClientStep = 'connecting';
  private closed: Promise<void> | undefined;

  constructor(
    connection: ConnectionSettings,
    private readonly settings: GroupSettings,
    listener: ConsumerClientListener,
    private readonly logger: EngineLogger,
  ) {
    this.listener = guarded(listener, (error) => this.fail(error));
    this.cluster = new Cluster(connection, logger);
    const coordinator = new GroupCoordinator(this.cluster, settings.group);
    const events = { rebalancing: () => this.rebalancing(), lost: (reason: string) => this.lost(reason) };
    const repeated = (this.repeated = new RepeatedLog(logger));
    this.membership = new Membership(coordinator, this.cluster, settings, events, repeated, this.closing.signal);
    const missing = (topic: string): Promise<void> => this.inBackground(this.missing.report(topic));
    const gate = { refusal: (partition: TopicPartition) => this.commitRefusal(partition), missing };
    const patienceMs = Math.floor(settings.sessionTimeoutMs / 3);
    this.offsets = new GroupOffsets(coordinator, this.membership, gate, patienceMs);
    const sideTopics = new SideTopics(this.cluster, settings, logger);
    this.subscription = new TopicSubscription(this.cluster, settings.topics, sideTopics, logger);
    this.topics = new TopicWatch(this.subscription, () => this.membership.identity !== undefined, repeated);
    const fromBeginning = (topic: string): boolean => settings.startFromBeginning || this.subscription.isLate(topic);
    const isOwned = (partition: TopicPartition): boolean => this.owned.has(partition);
    const { isTransactional } = settings;
    this.positions = new PositionReader(this.cluster, this.offsets, fromBeginning, isOwned, isTransactional, logger);
    const gone = (topic: string): void => void this.inBackground(this.vanished(topic));
    this.missing = new MissingTopics(this.cluster, this.offsets, () => this.owned.read, gone, this.closing.signal);
    const fetched = { ...this.listener, missing, isDoubtful: (topic: string) => this.missing.isDoubtful(topic) };
    this.fetcher = new Fetcher(this.cluster, settings, fetched, logger);
  }

  async run(): Promise<void> {
    const closed = untilAborted(this.closing.signal); // whatever it waits for, an answer or a token, a close does not
    try {
      await Promise.race([this.serve().then(() => closed), closed, untilAborted(this.failure.signal)]);
      this.failure.signal.throwIfAborted();
    } catch (error) {
      if (this.closing.signal.aborted && !this.failure.signal.aborted) return; // cut off by the close
      this.failure.abort(error);
      this.lose(this.owned.all);
      await this.close(drainBudgetMs(this.settings));
      throw error;
    }
  }

  status(): ClientStatus {
    const read = new Set(this.owned.read);
    const { problem, silentMs: heartbeatMs } = this.membership;
    const unplaced = this.owned.all.filter((partition) => !read.has(partition));
    const { topics } = this.settings;
    return { step: this.step, topics, problem, heartbeatMs, unplaced, throttled: this.cluster.throttled };
  }

  unansweredMs(partition: TopicPartition): number {
    return this.fetcher.unansweredMs(partition);
  }

  get isLive(): boolean {
    return this.membership.isLive;
  }

  get silentMs(): number {
    return this.cluster.silentMs;
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

  reread(partition: TopicPartition, delayMs: number): void {
    const read = this.owned.read.filter((owned) => partitionName(owned) === partitionName(partition));
    if (this.stopping || read.length === 0 || this.owned.isLeaving(partition)) return;
    this.lose(read);
    void this.inBackground(this.readAgain(this.owned.renew(read), delayMs));
  }

  position(partition: TopicPartition): number | undefined {
    return this.fetcher.position(partition);
  }

  commit(offsets: readonly (PartitionPosition & { metadata?: string })[]): Promise<void> {
    return this.offsets.commit(offsets);
  }

  offsetsAt(topic: string, partitions: readonly number[], timestampMs: number): Promise<PartitionPosition[]> {
    const places = partitions.map((partition) => ({ topic, partition }));
    return listOffsetsAt(this.cluster, places, timestampMs);
  }

  endsOf(partitions: readonly TopicPartition[]): Promise<PartitionPosition[]> {
    return listOffsets(this.cluster, partitions, 'end');
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
      if (!this.membership.identity) this.step = 'connecting';
      const topics = await this.topics.untilExist(() => this.leaveWithoutTopics(), this.closing.signal);
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
    this.subscribed = topics;
    const { added, revoked } = this.owned.compare(assigned);
    const over = this.assignmentOver.signal;
    void this.inBackground(this.watchTopics(topics, over));
    void this.inBackground(this.startReading(added, topics));
    await this.giveUp(revoked);
    if (revoked.length > 0) this.assignmentOver.abort(); // those they go to wait for our next join
    await untilAborted(over);
  }

  private async join(topics: SubscribedTopics): Promise<readonly TopicPartition[]> {
    this.step = this.membership.identity ? 'rebalancing' : 'joining';
    const assigned = await this.membership.join(() => ({ topics: [...topics.keys()], owned: this.owned.all }));
    this.step = this.membership.identity ? 'member' : 'connecting';
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

  private async leaveWithoutTopics(): Promise<void> {
    this.step = 'no-topics';
    if (!this.membership.identity || this.stopping) return;
    await this.giveUp(this.owned.all);
    await this.leave(drainBudgetMs(this.settings));
  }

  private async watchTopics(topics: SubscribedTopics, over: AbortSignal): Promise<void> {
    const divided = this.membership.divided ?? topics;
    if (await this.topics.untilChanged(topics, divided, over)) this.joinAgain('its topics changed');
  }

  /**
   * Positions first, then the engine, then the records. A partition whose position is not to be had yet (no leader, a
   * coordinator on the move) is tried again and keeps no other waiting.
   */
  private async startReading(added: readonly TopicPartition[], topics: SubscribedTopics): Promise<void> {
    if (this.owned.all.length === 0) this.listener.assigned([]);
    let pending = added;
    for (let attempt = 1; pending.length > 0; attempt++) {
      const prepared = await this.prepared(pending.filter((partition) => this.owned.has(partition)));
      const positions = await this.positions.read(prepared, topics);
      if (this.stopping) return;
      pending = pending.filter((partition) => this.owned.has(partition));
      const found = new Map(positions.map((position) => [partitionName(position), position]));
      const isFound = (partition: TopicPartition): boolean => found.has(partitionName(partition));
      const placed = pending.flatMap((partition) => found.get(partitionName(partition)) ?? []);
      this.owned.place(pending.filter(isFound));
      this.fetcher.add(placed); // first: the listener may pause them
      if (placed.length > 0) this.listener.assigned(placed);
      pending = pending.filter((partition) => !isFound(partition));
      if (pending.length === 0) return;
      if (attempt === 1) this.logger.warn(`No position yet for ${pending.map(partitionName).join(', ')}; trying again`);
      await wait(positionsIntervalMs, this.closing.signal);
    }
  }

  private async readAgain(partitions: readonly TopicPartition[], delayMs: number): Promise<void> {
    await wait(delayMs, this.closing.signal);
    const still = partitions.filter((partition) => this.owned.has(partition));
    if (still.length > 0 && !this.stopping) await this.startReading(still, this.subscribed);
  }

  private async prepared(partitions: readonly TopicPartition[]): Promise<readonly TopicPartition[]> {
    const results = await Promise.allSettled(partitions.map((partition) => this.listener.prepare(partition)));
    for (const { reason } of results.filter((result) => result.status === 'rejected'))
      this.repeated.warn(`A partition cannot be read yet: ${describeThrown(reason).text}`);
    return partitions.filter((_, at) => results[at]!.status === 'fulfilled');
  }

  private async giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    this.owned.beginToLeave(partitions);
    this.fetcher.remove(partitions);
    await this.listener.revoked(partitions, drainBudgetMs(this.settings));
    this.owned.drop(partitions);
  }

  private rebalancing(): void {
    this.joinAgain('its members change');
  }

  private joinAgain(reason: string): void {
    if (this.stopping || this.assignmentOver.signal.aborted) return; // the drain of a stop has its own time
    const { group } = this.settings;
    this.logger.log(`Group "${group}" is rebalancing: ${reason}`, { event: 'rebalancing', group });
    this.assignmentOver.abort();
  }

  private lost(reason: string): void {
    const { group } = this.settings;
    this.logger.warn(`Lost the membership in group "${group}", joining again: ${reason}`, {
      event: 'lost',
      group,
      ...placesField(this.owned.all),
    });
    this.step = 'connecting';
    this.lose(this.owned.all);
    this.assignmentOver.abort();
  }

  private lose(partitions: readonly TopicPartition[]): void {
    if (partitions.length === 0) return;
    this.fetcher.remove(partitions);
    this.owned.drop(partitions);
    this.listener.lost(partitions);
  }

  private commitRefusal(partition: TopicPartition): string | undefined {
    if (!this.owned.includes(partition)) return 'refused: this member does not own it now';
    return this.missing.isDoubtful(partition.topic) ? `refused: topic "${partition.topic}" may be gone` : undefined;
  }

  /**
   * What is known of its offsets may be of another log by the time it is there again. Its partitions stay ours: another
   * member would not know that all records of a new one concern the group.
   */
  private async vanished(topic: string): Promise<void> {
    this.logger.warn(`Topic "${topic}" is gone: what waits of it is dropped, and it is looked for again`, {
      event: 'topic-gone',
      group: this.settings.group,
      topic,
    });
    this.subscription.vanished(topic);
    const partitions = this.owned.all.filter((partition) => partition.topic === topic);
    this.lose(partitions);
    if (this.stopping) return;
    void this.inBackground(this.startReading(this.owned.renew(partitions), this.subscribed));
    await wait(missingTopicsIntervalMs, this.closing.signal);
    this.joinAgain(`topic "${topic}" was gone`);
  }

  /** Nobody waits for it, so nobody else would hear of its error. */
  private inBackground(task: Promise<void>): Promise<void> {
    return task.catch((error: unknown) => this.fail(error));
  }

  /** Ends {@link run}. Nothing is handed out from this instant on: what follows on an error may be of no use. */
  private fail(error: unknown): void {
    if (this.closing.signal.aborted || this.failure.signal.aborted) {
      const { text, stack } = describeThrown(error);
      return this.logger.error(`While the member of group "${this.settings.group}" was ending: ${text}`, stack);
    }
    this.stopFetching();
    this.failure.abort(error);
  }
}
