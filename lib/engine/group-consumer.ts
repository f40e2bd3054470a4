import { setTimeout as delay } from 'node:timers/promises';
import type {
  ConsumedRecord,
  ConsumerClient,
  ConsumerClientFactory,
  ConsumerClientListener,
  PartitionPosition,
  TopicPartition,
} from './client/consumer-client.js';
import { MemberFencedError, partitionName } from './client/consumer-client.js';
import { LaneThrottle, type InFlightLimits } from './dispatch/lane-throttle.js';
import { TimeSlice } from './dispatch/time-slice.js';
import { Lanes } from './dispatch/lanes.js';
import type { LaneDuties, PartitionLane } from './dispatch/partition-lane.js';
import type { TopicRoutes } from './handler-binding.js';
import type { EngineLogger } from './logger.js';
import { Committer } from './offsets/committer.js';
import { RecordPipeline } from './record-pipeline.js';
import { supervise } from './supervise.js';
import { settlesWithin, wait } from './wait.js';

const commitRetryMs = 100;
const leaveReserveMs = 5_000;

/** How long handlers may take to settle once their signal has fired. */
const longestAbortMs = 1_000;

export interface GroupConsumerSettings extends InFlightLimits {
  group: string;
  autoCommit: boolean;
  commitIntervalMs: number;
  shutdownTimeoutMs: number;
}

/**
 * What a consumer has done since it was made, and what it owns now.
 *
 * @publicApi
 */
export interface GroupConsumerStatus {
  group: string;
  running: boolean;
  joined: boolean;
  assignments: readonly TopicPartition[];
  handled: number;
  failedAttempts: number;
  skipped: number;
}

/**
 * Takes the records of a group's partitions through the stages: admit, dispatch, decode, invoke, recover, complete,
 * commit. One lane a partition; a client that ends is replaced.
 */
export class GroupConsumer implements ConsumerClientListener {
  private readonly lanes: Lanes;
  private readonly slice = new TimeSlice();
  private readonly throttle: LaneThrottle;
  private readonly committer: Committer<PartitionLane>;
  private readonly pipeline: RecordPipeline;
  private stopped = new AbortController();
  private supervised: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;
  private client: ConsumerClient | undefined;
  private joined = false;
  private onJoined: (() => void)[] = [];

  constructor(
    private readonly settings: GroupConsumerSettings,
    routes: TopicRoutes,
    private readonly createClient: ConsumerClientFactory,
    private readonly logger: EngineLogger,
  ) {
    this.throttle = new LaneThrottle(settings);
    this.committer = new Committer(
      () => this.lanes.all,
      (positions) => this.send(positions),
      logger,
    );
    this.pipeline = new RecordPipeline(settings.group, routes, logger);
    const duties: LaneDuties = {
      mayStart: () => this.client?.isLive === true,
      handle: (record, signals) => this.pipeline.handle(record, signals),
      completed: (lane) => (settings.autoCommit ? undefined : this.commitBeforeNext(lane)),
      shrunk: (lane) => this.client && this.throttle.shrunk(lane, this.lanes.size, this.client),
      broke: (lane, error) => this.replaceClient(lane, error),
      pause: () => this.slice.pauseIfOver(),
      stopRequested: () => void this.stop(),
    };
    this.lanes = new Lanes(duties);
  }

  /** After a stop that is under way. */
  start(): Promise<void> {
    if (this.stopping) return this.stopping.then(() => this.start());
    if (!this.supervised) {
      this.stopped = new AbortController();
      const what = `The consumer of group "${this.settings.group}"`;
      this.supervised = supervise(what, () => this.runClient(), this.stopped.signal, this.logger);
    }
    return Promise.resolve();
  }

  /** Resolves once the group has been joined. */
  untilJoined(): Promise<void> {
    return this.joined ? Promise.resolve() : new Promise((resolve) => this.onJoined.push(resolve));
  }

  /**
   * Stops fetching, lets running handlers finish, commits, leaves; all of it within the shutdown timeout. Whoever calls
   * it meanwhile waits for the same end.
   */
  stop(): Promise<void> {
    if (!this.supervised) return Promise.resolve();
    this.stopping ??= this.stopOnce(this.supervised).finally(() => (this.stopping = undefined));
    return this.stopping;
  }

  status(): GroupConsumerStatus {
    const { group } = this.settings;
    const assignments = this.lanes.all.map(({ topic, partition }) => ({ topic, partition }));
    const running = this.supervised !== undefined && !this.stopped.signal.aborted;
    return { group, running, joined: this.joined, assignments, ...this.pipeline.counts };
  }

  assigned(positions: readonly PartitionPosition[]): void {
    const what = this.joined ? 'also reading' : 'joined; reading';
    this.joined = true;
    for (const position of positions) this.committer.startedAt(this.lanes.add(position));
    this.onJoined.splice(0).forEach((resolve) => resolve());
    this.logger.log(`Group "${this.settings.group}" ${what} ${describePositions(positions)}`);
  }

  records(partition: TopicPartition, records: readonly ConsumedRecord[], next: number): void {
    const [lane] = this.lanes.of([partition]);
    if (!lane || !this.client) return;
    lane.admit(records, next);
    this.throttle.admitted(lane, this.lanes.size, this.client);
  }

  async revoked(partitions: readonly TopicPartition[], drainMs: number): Promise<void> {
    this.logger.log(`Group "${this.settings.group}" gives up ${partitions.map(partitionName).toSorted().join(', ')}`);
    const lanes = this.lanes.of(partitions);
    await this.drain(lanes, drainMs);
    await this.commitUntil(Date.now() + drainMs);
    this.lost(lanes.filter((lane) => lane.isOwned)); // those of a later client may have the same names
  }

  repositioned(position: PartitionPosition): void {
    this.lanes.lose([position]);
    this.lanes.add(position); // not committed yet, so due
  }

  lost(partitions: readonly TopicPartition[]): void {
    this.lanes.lose(partitions);
    this.joined = this.lanes.size > 0;
  }

  private async stopOnce(supervised: Promise<void>): Promise<void> {
    const deadline = Date.now() + this.settings.shutdownTimeoutMs;
    const { client } = this;
    this.stopped.abort();
    client?.stopFetching();
    await this.drain(this.lanes.all, graceMs(this.settings.shutdownTimeoutMs));
    await this.commitUntil((Date.now() + deadline) / 2);
    if (client) await this.close(client, Math.max(0, deadline - Date.now()));
    await settlesWithin(supervised, Math.max(0, deadline - Date.now()));
    this.supervised = undefined;
    this.logger.log(`Left group "${this.settings.group}"`);
  }

  private async runClient(): Promise<void> {
    const client = (this.client = this.createClient(this));
    const commits = setInterval(() => void this.committer.flush(), this.settings.commitIntervalMs);
    try {
      await client.run();
    } catch (error) {
      if (!(error instanceof MemberFencedError)) throw error;
      this.logger.error(`Stopping the consumer of group "${this.settings.group}": ${error.message}`);
      void this.stop();
    } finally {
      clearInterval(commits);
      this.lost(this.lanes.all);
      this.client = undefined;
    }
  }

  private replaceClient(lane: PartitionLane, error: Error): void {
    this.logger.error(`Partition ${partitionName(lane)} broke down: ${error.message}`, error.stack);
    if (this.client) void this.close(this.client, leaveReserveMs);
  }

  private async close(client: ConsumerClient, deadlineMs: number): Promise<void> {
    const closed = client.close(deadlineMs).catch((error: Error) => {
      this.logger.warn(`Closing the connections of group "${this.settings.group}" failed: ${error.message}`);
    });
    await settlesWithin(closed, deadlineMs);
  }

  private send(positions: PartitionPosition[]): Promise<void> {
    return this.client ? this.client.commit(positions) : Promise.reject(new Error('the consumer is not connected'));
  }

  /** Per-record mode: the lane waits until the broker has its position. Lanes that wait together share a request. */
  private async commitBeforeNext(lane: PartitionLane): Promise<void> {
    const { signal } = this.stopped;
    while (lane.isOwned && !signal.aborted) {
      await this.committer.flush();
      if (this.committer.isDone(lane)) return;
      await wait(commitRetryMs, signal);
    }
  }

  private async commitUntil(deadline: number): Promise<void> {
    const committed = async (): Promise<void> => {
      while (!(await this.committer.flush()) && Date.now() < deadline) await delay(commitRetryMs);
    };
    if (await settlesWithin(committed(), deadline - Date.now())) return;
    const { group } = this.settings;
    this.logger.error(`The last commit of group "${group}" was not answered in time; records may be delivered again`);
  }

  private async drain(lanes: readonly PartitionLane[], budgetMs: number): Promise<void> {
    const drained = Promise.all(lanes.map((lane) => lane.drain()));
    if (await settlesWithin(drained, budgetMs)) return;
    for (const lane of lanes.filter((lane) => lane.runningOffset !== undefined)) {
      const record = `${partitionName(lane)}@${lane.runningOffset}`;
      this.logger.warn(
        `The handler of ${record} is still running after ${budgetMs} ms; it is aborted, and the record stays uncommitted ` +
          `unless the handler completes it now`,
      );
      lane.abort('The time for running handlers to finish is over');
    }
    await settlesWithin(drained, Math.min(longestAbortMs, budgetMs / 4));
  }
}

/** What handlers may use of the shutdown timeout; the rest is for the last commit and for leaving. */
function graceMs(shutdownTimeoutMs: number): number {
  return Math.max(shutdownTimeoutMs - leaveReserveMs, shutdownTimeoutMs / 2);
}

function describePositions(positions: readonly PartitionPosition[]): string {
  if (positions.length === 0) return 'nothing, all partitions are with other members';
  return positions
    .map((position) => `${partitionName(position)}@${position.offset}`)
    .toSorted()
    .join(', ');
}
