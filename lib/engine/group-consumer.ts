import type {
  CommittedPosition,
  ConsumedRecord,
  ConsumerClient,
  ConsumerClientFactory,
  ConsumerClientListener,
  PartitionPosition,
  TopicPartition,
} from './client/consumer-client.js';
import { MemberFencedError, partitionName } from './client/consumer-client.js';
import type { OutgoingRecord, RecordPublisher } from './client/record-publisher.js';
import { Condition } from './condition/condition.js';
import type { GroupConsumerStatus, PartitionStatus } from './consumer-status.js';
import type { AssignedPartition } from './dispatch/assigned-partition.js';
import { describeThrown } from './describe-thrown.js';
import { GroupLog } from './group-log.js';
import type { TopicRoutes } from './handler-binding.js';
import type { EngineLogger } from './logger.js';
import type { RebalancedEvent } from '../messaging/consumer-observer.js';
import { lagsOf, type PartitionLag } from './partition-lag.js';
import { RecordFlow, type RecordFlowSettings } from './record-flow.js';
import { singleFlight } from './single-flight.js';
import { supervise } from './supervise.js';
import type { TransactionFactory } from './transactions/transactions.js';
import { settlesWithin } from './wait.js';
import { watch } from './watchdog.js';

const leaveReserveMs = 5_000;

/** How long running handlers may take before a partition goes on elsewhere. */
const seekDrainMs = 5_000;

const tidyIntervalMs = 1_000;

export interface GroupConsumerSettings extends RecordFlowSettings {
  commitIntervalMs: number;
  shutdownTimeoutMs: number;
  onCrash: 'restart' | 'exit';
  autoStart: boolean;

  /** @default true */
  leaveOnStop?: boolean;

  /** A client that has heard of no broker for so many milliseconds is replaced. */
  silenceLimitMs: number;
}

/** What makes a consumer's connections, each when it is first needed. */
export interface ClientFactories {
  readonly member: ConsumerClientFactory;

  /** For what recovery moves elsewhere. */
  readonly publisher: () => RecordPublisher;

  /** For what is stored together with positions. */
  readonly transactions: () => TransactionFactory;
}

/** A member of a group, with the flow of its records. A client that ends is replaced. */
export class GroupConsumer implements ConsumerClientListener {
  private readonly flow: RecordFlow;
  private stopped = new AbortController();
  private supervised: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;
  private client: ConsumerClient | undefined;

  /** Made when something is published first. */
  private publisher: RecordPublisher | undefined;

  /** Whether it was told what it is assigned, and has not lost everything since. */
  private joined = false;
  private hasStopped = false;
  private readonly condition: Condition;
  private readonly log: GroupLog;
  private onJoined: (() => void)[] = [];

  /** @param exit ends the process, for `onCrash: 'exit'` */
  constructor(
    private readonly settings: GroupConsumerSettings,
    routes: TopicRoutes,
    private readonly clients: ClientFactories,
    private readonly logger: EngineLogger,
    private readonly exit: () => void = () => process.kill(process.pid, 'SIGTERM'),
  ) {
    const duties = {
      client: () => this.client,
      publish: (record: OutgoingRecord) => (this.publisher ??= clients.publisher()).publish(record),
      createTransactions: () => clients.transactions(),
      stopRequested: (partition: TopicPartition) => this.halt(partition),
      broke: (partition: TopicPartition, error: Error) => this.broke(partition, error),
    };
    this.flow = new RecordFlow(settings, routes, duties, logger);
    this.condition = new Condition(settings, this.flow, {
      client: () => this.client,
      phase: () => this.phase,
      isAssigned: () => this.joined,
      wedged: (reason) => this.replaceClient(reason),
    });
    this.log = new GroupLog(logger, settings.group);
  }

  /** After a stop that is under way. */
  start(): Promise<void> {
    if (this.stopping) return this.stopping.then(() => this.start());
    if (!this.supervised) {
      this.stopped = new AbortController();
      this.condition.started();
      this.flow.begin();
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

  /** Whether a topic, some partitions of it, or everything is paused, from now on and for partitions that come later. */
  setPaused(paused: boolean, topic?: string, partitions?: readonly number[]): void {
    this.flow.setPaused(paused, topic, partitions);
  }

  /**
   * Lets the running handlers of a partition settle, drops what waits, commits the new position and goes on there.
   *
   * @param to an offset, or the time of the first record to read
   * @throws Error when the partition is not assigned to this process, or is lost meanwhile
   */
  async seek(place: TopicPartition, to: number | Date): Promise<void> {
    const partition = this.assignedAt(place);
    const offset = typeof to === 'number' ? to : await this.offsetAt(place, to);
    await this.flow.drain([partition], seekDrainMs);
    if (partition.plan.isTransactional) await this.flow.untilCommitted(partition); // with what was published so far
    if (!this.client || !partition.isOwned)
      throw new Error(`${partition.name} was given up, lost or moved elsewhere before it was moved`);
    const moved = this.flow.reassign({ ...place, offset });
    this.client.seek({ ...place, offset });
    this.log.sought({ ...place, offset });
    if (await this.flow.untilCommitted(moved)) return;
    throw new Error(`${partition.name} was given up or lost before its new position was committed`);
  }

  /** Of the assigned partitions whose leaders tell their ends now; callers that come meanwhile share the request. */
  readonly lag = singleFlight(() => this.measureLag());

  assignments(): PartitionStatus[] {
    return this.condition.partitions();
  }

  status(): GroupConsumerStatus {
    return this.condition.status();
  }

  prepare(partition: TopicPartition): Promise<void> {
    return this.flow.prepare(partition);
  }

  assigned(positions: readonly CommittedPosition[]): void {
    const isFirst = !this.joined;
    this.joined = true;
    this.flow.assign(positions);
    this.onJoined.splice(0).forEach((resolve) => resolve());
    this.changed('assigned', positions);
    this.log.assigned(positions, isFirst);
  }

  records(partition: TopicPartition, records: readonly ConsumedRecord[], next: number): void {
    this.flow.admit(partition, records, next);
  }

  async revoked(partitions: readonly TopicPartition[], drainMs: number): Promise<void> {
    this.log.givesUp(partitions);
    const given = this.flow.of(partitions);
    await this.flow.drain(given, drainMs);
    await this.flow.commitLast(given, drainMs);
    const left = given.filter(({ isOwned }) => isOwned); // those of a later client may have the same names
    this.lose(left);
    this.changed('revoked', left);
  }

  repositioned(position: PartitionPosition): void {
    this.flow.reassign(position);
  }

  lost(partitions: readonly TopicPartition[]): void {
    this.giveUp(partitions, 'lost');
  }

  private giveUp(partitions: readonly TopicPartition[], change: RebalancedEvent['change']): void {
    const known = this.flow.of(partitions);
    this.lose(partitions);
    if (known.length > 0) this.changed(change, known);
  }

  private lose(partitions: readonly TopicPartition[]): void {
    this.flow.lose(partitions);
    this.joined = this.flow.all.length > 0;
  }

  private get phase(): 'new' | 'running' | 'stopping' | 'stopped' {
    if (this.supervised) return this.stopped.signal.aborted ? 'stopping' : 'running';
    return this.hasStopped ? 'stopped' : 'new';
  }

  private tidy(): void {
    this.flow.tidy();
    this.condition.look();
  }

  private halt(partition: TopicPartition): void {
    const reason = `onExhausted: 'stop' has ended it, at a message of ${partitionName(partition)}`;
    this.condition.end = { state: 'halted', reason };
    void this.stop();
  }

  private changed(change: RebalancedEvent['change'], partitions: readonly TopicPartition[]): void {
    this.condition.rebalances++;
    const places = partitions.map(({ topic, partition }) => ({ topic, partition }));
    this.settings.observer?.rebalanced({ group: this.settings.group, change, partitions: places });
  }

  private async stopOnce(supervised: Promise<void>): Promise<void> {
    const startedAt = performance.now(); // a clock that nobody sets
    const deadline = startedAt + this.settings.shutdownTimeoutMs;
    const leftMs = (): number => Math.max(0, deadline - performance.now());
    const { client } = this;
    this.stopped.abort();
    this.condition.stopped();
    client?.stopFetching();
    const partitions = this.flow.all;
    await this.flow.drain(partitions, graceMs(this.settings.shutdownTimeoutMs));
    await this.flow.commitLast(partitions, leftMs() / 2);
    const left = leftMs();
    await Promise.all([this.flow.end(), this.publisher?.close(left), client && this.close(client, left)]);
    this.publisher = undefined;
    await settlesWithin(supervised, leftMs());
    this.supervised = undefined;
    this.hasStopped = true;
    this.log.stopped(this.settings.leaveOnStop ?? true, Math.round(performance.now() - startedAt));
  }

  private async runClient(): Promise<void> {
    const client = (this.client = this.clients.member(this));
    this.condition.history.began();
    const timers = [
      setInterval(() => this.flow.commit(), this.settings.commitIntervalMs),
      setInterval(() => this.tidy(), tidyIntervalMs),
    ];
    const endWatch = watch(
      () => client.silentMs,
      this.settings.silenceLimitMs,
      () => this.replaceClient(`nothing was heard of any broker for ${Math.round(client.silentMs)} ms`),
    );
    let change: RebalancedEvent['change'] = 'lost';
    try {
      await client.run();
      this.condition.history.ended();
      if (this.stopped.signal.aborted) change = 'revoked'; // drained, and committed
    } catch (error) {
      this.condition.history.ended(error);
      if (!this.endsWith(error)) throw error;
    } finally {
      timers.forEach(clearInterval);
      endWatch();
      this.giveUp(this.flow.all, change);
      this.client = undefined;
    }
  }

  /** Whether an error of the client is the end of this consumer. */
  private endsWith(error: unknown): boolean {
    const isFenced = error instanceof MemberFencedError;
    const exits = this.settings.onCrash === 'exit' && !this.stopped.signal.aborted;
    if (!isFenced && !exits) return false;
    const reason = error instanceof Error ? error.message : describeThrown(error).text;
    this.log.ended(exits ? 'exit' : 'stop', reason, error);
    this.condition.end = { state: isFenced ? 'fenced' : 'halted', reason };
    void this.stop();
    if (exits) this.exit();
    return true;
  }

  private broke(partition: TopicPartition, error: Error): void {
    this.log.broke(partition, error);
    this.replaceClient(`partition ${partitionName(partition)} broke down`);
  }

  private replaceClient(reason: string): void {
    if (!this.client) return;
    this.log.replaced(reason);
    this.condition.history.replaced(reason);
    void this.close(this.client, leaveReserveMs);
  }

  private async close(client: ConsumerClient, deadlineMs: number): Promise<void> {
    const closed = client.close(deadlineMs).catch((error: Error) => this.log.closingFailed(error));
    await settlesWithin(closed, deadlineMs);
  }

  private async measureLag(): Promise<PartitionLag[]> {
    const asked = this.flow.all;
    const ends = (await this.client?.endsOf(asked).catch(() => [])) ?? []; // not one leader can tell
    const positions = asked.filter(({ isOwned }) => isOwned).map(({ position }) => position);
    return lagsOf(this.settings.group, positions, ends);
  }

  private assignedAt(place: TopicPartition): AssignedPartition {
    const partition = this.flow.find(place);
    if (partition) return partition;
    const assigned = this.flow.all.map(({ name }) => name).toSorted();
    throw new Error(
      `${partitionName(place)} is not assigned to this process, which has ${assigned.join(', ') || 'none'}`,
    );
  }

  private async offsetAt({ topic, partition }: TopicPartition, time: Date): Promise<number> {
    const [found] = (await this.client?.offsetsAt(topic, [partition], time.getTime())) ?? [];
    if (found) return found.offset;
    throw new Error(
      `The leader of ${topic}-${partition} could not tell the offset of ${time.toISOString()}; try again`,
    );
  }
}

/** What handlers may use of the shutdown timeout; the rest is for the last commit and for leaving. */
function graceMs(shutdownTimeoutMs: number): number {
  return Math.max(shutdownTimeoutMs - leaveReserveMs, shutdownTimeoutMs / 2);
}
