import type {
  CommittedPosition,
  ConsumedRecord,
  ConsumerClient,
  PartitionPosition,
  TopicPartition,
} from './client/consumer-client.js';
import type { AssignedPartition } from './dispatch/assigned-partition.js';
import { AssignedPartitions } from './dispatch/assigned-partitions.js';
import { Backpressure, type InFlightLimits } from './dispatch/backpressure.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import { RequestedPauses } from './dispatch/requested-pauses.js';
import { TopicPlans } from './dispatch/topic-plans.js';
import type { TopicRoutes } from './handler-binding.js';
import type { EngineLogger } from './logger.js';
import { Committer } from './offsets/committer.js';
import type { OutgoingRecord } from './client/record-publisher.js';
import { Delivery, noCounts, type DeliveryContext, type DeliveryCounts } from './recovery/delivery.js';
import { address } from './recovery/redelivery.js';
import { AcknowledgementError } from '../messaging/errors.js';
import { settlesWithin } from './wait.js';

/** How long handlers may take to settle once their signal has fired. */
const longestAbortMs = 1_000;

/** Records that wait longer take no more memory than their own. */
const detachAfterMs = 2_000;

export interface RecordFlowSettings extends InFlightLimits {
  group: string;
  concurrency: number;
  autoCommit: boolean;
  commitAfterRecords: number;
}

/** What the flow needs of its surroundings. */
export interface RecordFlowDuties {
  /** The client that has assigned the partitions; `undefined` once it has ended. */
  client(): ConsumerClient | undefined;

  /** Writes what recovery moves elsewhere. */
  publish(record: OutgoingRecord): Promise<void>;

  /** A handler's policy asks for the end of the consumer. */
  stopRequested(): void;

  /** The flow itself failed, which no handler can bring about. */
  broke(partition: TopicPartition, error: Error): void;
}

/** Takes records through the stages: admit, dispatch, decode, invoke, recover, complete, commit. */
export class RecordFlow {
  private readonly partitions: AssignedPartitions;
  private readonly dispatcher: Dispatcher;
  private readonly backpressure: Backpressure;
  private readonly committer: Committer<AssignedPartition>;
  private readonly deliveries: DeliveryContext;
  private readonly pauses = new RequestedPauses();
  private completedSinceCommit = 0;

  /** Fires when lanes need not wait for commits any more: the last one is under way. */
  private ending = new AbortController();

  constructor(
    private readonly settings: RecordFlowSettings,
    routes: TopicRoutes,
    private readonly duties: RecordFlowDuties,
    private readonly logger: EngineLogger,
  ) {
    const { group } = settings;
    const publish = (record: OutgoingRecord): Promise<void> => duties.publish(record);
    this.deliveries = { group, logger, counts: noCounts(), publish };
    this.backpressure = new Backpressure(settings);
    this.dispatcher = new Dispatcher(settings.concurrency, {
      mayStart: () => duties.client()?.isLive === true,
      deliver: (record, partition) => this.deliver(record, partition),
      completed: (partition) => this.completed(partition),
      stopRequested: () => duties.stopRequested(),
      broke: (partition, error) => duties.broke(partition, error),
    });
    const plans = new TopicPlans(routes, group, logger);
    const listener = {
      ready: (partition: AssignedPartition) => this.dispatcher.wake(partition),
      retired: (partition: AssignedPartition) => this.dispatcher.retire(partition),
      paused: (partition: AssignedPartition) => duties.client()?.pause(partition),
      resumed: (partition: AssignedPartition) => duties.client()?.resume(partition),
    };
    this.partitions = new AssignedPartitions((topic) => plans.of(topic), listener, logger);
    this.committer = new Committer(
      () => this.partitions.all,
      (positions) => this.send(positions),
      logger,
    );
  }

  get all(): AssignedPartition[] {
    return this.partitions.all;
  }

  get counts(): Readonly<DeliveryCounts> {
    return this.deliveries.counts;
  }

  /** Handlers running. */
  get running(): number {
    return this.dispatcher.running;
  }

  find(partition: TopicPartition): AssignedPartition | undefined {
    return this.partitions.get(partition);
  }

  of(partitions: readonly TopicPartition[]): AssignedPartition[] {
    return this.partitions.of(partitions);
  }

  /** These positions are committed. */
  assign(positions: readonly CommittedPosition[]): void {
    for (const position of positions) this.committer.startedAt(this.add(position));
    this.backpressure.divideAmong(this.all);
  }

  /** A partition goes on elsewhere, with nothing of what was admitted before. Its position is to be committed yet. */
  reassign(position: PartitionPosition): AssignedPartition {
    const before = this.find(position);
    this.partitions.lose([position]);
    const partition = this.add({ ...position, metadata: before?.metadataWithoutRecords ?? '' });
    this.backpressure.divideAmong(this.all);
    return partition;
  }

  lose(partitions: readonly TopicPartition[]): void {
    this.partitions.lose(partitions);
    this.backpressure.divideAmong(this.all);
  }

  admit(place: TopicPartition, records: readonly ConsumedRecord[], next: number): void {
    const partition = this.find(place);
    if (!partition) return;
    partition.admit(records, next);
    this.backpressure.look(partition);
  }

  setPaused(paused: boolean, topic?: string, partitions?: readonly number[]): void {
    this.pauses.set(paused, topic, partitions);
    for (const partition of this.all) this.applyPause(partition);
  }

  /** Commits what is completed, in the background. */
  commit(): void {
    this.completedSinceCommit = 0;
    void this.committer.flush();
  }

  /** Commits until the broker knows what the partition has completed up to now, or it is lost, or all is ending. */
  untilCommitted(partition: AssignedPartition): Promise<boolean> {
    return this.committer.untilCommitted(partition, this.ending.signal);
  }

  /** The last commit, before partitions are given up. */
  async commitLast(partitions: readonly AssignedPartition[], deadline: number): Promise<void> {
    const tooLate = new AbortController();
    const committed = partitions.map((partition) => this.committer.untilCommitted(partition, tooLate.signal));
    const isInTime = await settlesWithin(Promise.all(committed), deadline - Date.now());
    tooLate.abort();
    if (isInTime) return;
    const isDue = (partition: AssignedPartition): boolean => partition.isOwned && !this.committer.isDone(partition);
    const names = partitions.filter(isDue).map(({ name, position }) => `${name}@${position.offset}`);
    this.logger.error(
      `The last commit of group "${this.settings.group}" was not answered in time; records may be delivered again from ` +
        names.toSorted().join(', '),
    );
  }

  /** Starts nothing new, and waits for running handlers; past the budget they are aborted. */
  async drain(partitions: readonly AssignedPartition[], budgetMs: number): Promise<void> {
    const drained = Promise.all(partitions.map((partition) => partition.drain()));
    if (await settlesWithin(drained, budgetMs)) return;
    for (const partition of partitions.filter(({ running }) => running > 0)) {
      this.logger.warn(describeAbort(partition, budgetMs));
      partition.abort('The time for running handlers to finish is over');
    }
    await settlesWithin(drained, Math.min(longestAbortMs, budgetMs / 4));
  }

  /** Between the start of a consumer and its stop. */
  begin(): void {
    this.ending = new AbortController();
  }

  /** What waits for a commit waits no longer. */
  end(): void {
    this.ending.abort();
  }

  /** Lets what waits long take no more memory than its own. To be called now and then. */
  tidy(): void {
    for (const partition of this.all) partition.detachOlderThan(Date.now() - detachAfterMs);
  }

  private add(position: CommittedPosition): AssignedPartition {
    const partition = this.partitions.add(position);
    this.dispatcher.add();
    this.applyPause(partition);
    return partition;
  }

  private applyPause(partition: AssignedPartition): void {
    if (this.pauses.includes(partition)) partition.pause('application');
    else partition.resume('application');
  }

  private deliver(record: ConsumedRecord, partition: AssignedPartition): Delivery {
    const scope = { aborted: partition.aborted, commit: () => this.commitEarly(partition, record.offset) };
    const { handlers, delayMs } = partition.plan;
    return new Delivery(address(record, handlers, this.settings.group, delayMs !== undefined), scope, this.deliveries);
  }

  private completed(partition: AssignedPartition): Promise<unknown> | undefined {
    this.backpressure.look(partition);
    if (!this.settings.autoCommit) return this.untilCommitted(partition);
    if (++this.completedSinceCommit >= this.settings.commitAfterRecords) this.commit();
    return undefined;
  }

  private async commitEarly(partition: AssignedPartition, offset: number): Promise<void> {
    if (partition.isOwned) partition.completeEarly(offset);
    if (partition.isOwned && (await this.untilCommitted(partition))) return;
    throw new AcknowledgementError(`${partition.name}@${offset} is not committed: the partition is given up or lost`);
  }

  private send(positions: CommittedPosition[]): Promise<void> {
    const client = this.duties.client();
    return client ? client.commit(positions) : Promise.reject(new Error('the consumer is not connected'));
  }
}

function describeAbort({ name, running, position }: AssignedPartition, budgetMs: number): string {
  const place = `${name}, offset ${position.offset} or later,`;
  return running === 1
    ? `A handler of ${place} is still running after ${budgetMs} ms; it is aborted, and its record stays uncommitted unless ` +
        'the handler completes it now'
    : `${running} handlers of ${place} are still running after ${budgetMs} ms; they are aborted, and their records stay ` +
        'uncommitted unless the handlers complete them now';
}
