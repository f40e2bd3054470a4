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
import { tellDrain } from './dispatch/drain-log.js';
import type { Lane } from './dispatch/lane.js';
import { PauseLog } from './dispatch/pause-log.js';
import { RequestedPauses } from './dispatch/requested-pauses.js';
import { TopicPlans } from './dispatch/topic-plans.js';
import type { TopicRoutes } from './handler-binding.js';
import { placeFields } from './log-fields.js';
import type { EngineLogger } from './logger.js';
import { commitListener } from './offsets/commit-listener.js';
import { CommitRecord } from './offsets/commit-record.js';
import { Commits } from './offsets/commits.js';
import type { OutputRecord } from './transactions/outputs.js';
import type { PublishedRecord } from '../messaging/producer.js';
import { RepeatedLog } from './client/repeated-log.js';
import type { OutgoingRecord } from './client/record-publisher.js';
import { BatchDelivery } from './recovery/batch-delivery.js';
import { Delivery } from './recovery/delivery.js';
import { noCounts, type DeliveryContext, type DeliveryCounts } from './recovery/delivery-context.js';
import type { LaneDelivery } from './recovery/lane-delivery.js';
import { address } from './recovery/redelivery.js';
import { metered, type Watchers } from './recovery/watchers.js';
import { AcknowledgementError } from '../messaging/errors.js';
import { Transactions, type TransactionFactory } from './transactions/transactions.js';
import { settlesWithin } from './wait.js';

/** How long handlers may take to settle once their signal has fired. */
const longestAbortMs = 1_000;

/** Failures of a kind that are told whole, a minute. */
const wholeFailures = 10;

/** Records that wait longer take no more memory than their own. */
const detachAfterMs = 2_000;

export interface RecordFlowSettings extends InFlightLimits, Watchers {
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
  publish(record: OutgoingRecord): Promise<PublishedRecord>;

  /** What writes in transactions. */
  createTransactions(): TransactionFactory;

  /** A handler's policy asks for the end of the consumer. */
  stopRequested(partition: TopicPartition): void;

  /** The flow itself failed, which no handler can bring about. */
  broke(partition: TopicPartition, error: Error): void;
}

/** Takes records through the stages: admit, dispatch, decode, invoke, recover, complete, commit. */
export class RecordFlow {
  private readonly partitions: AssignedPartitions;
  private readonly dispatcher: Dispatcher;
  private readonly backpressure: Backpressure;
  private readonly plans: TopicPlans;
  private readonly transactions: Transactions;
  private readonly commits: Commits;
  private readonly deliveries: DeliveryContext;

  /** What records and their commits fail with: all may fail with the same. */
  private readonly failures: RepeatedLog;
  private readonly pausesTold: PauseLog;
  private readonly pauses = new RequestedPauses();
  readonly commitRecord: CommitRecord;
  private completedSinceCommit = 0;

  /** Fires when lanes need not wait for commits any more: the last one is under way. */
  private ending = new AbortController();

  constructor(
    private readonly settings: RecordFlowSettings,
    routes: TopicRoutes,
    private readonly duties: RecordFlowDuties,
    private readonly logger: EngineLogger,
  ) {
    const { group, observer, tracer, meter } = settings;
    const publish = (record: OutgoingRecord): Promise<PublishedRecord> =>
      metered(meter, [record], () => duties.publish(record));
    this.failures = new RepeatedLog(logger, wholeFailures);
    this.deliveries = { group, logger: this.failures, counts: noCounts(), publish, observer, tracer, meter };
    this.backpressure = new Backpressure(settings);
    this.pausesTold = new PauseLog(group, logger);
    this.dispatcher = new Dispatcher(settings.concurrency, {
      mayStart: () => duties.client()?.isLive === true,
      deliver: (lane, partition) => this.deliver(lane, partition),
      completed: (partition, records) => this.completed(partition, records),
      stopRequested: (partition) => duties.stopRequested(partition),
      broke: (partition, error) => duties.broke(partition, error),
    });
    const plans = (this.plans = new TopicPlans(routes, group, logger));
    const listener = {
      ready: (partition: AssignedPartition) => this.dispatcher.wake(partition),
      retired: (partition: AssignedPartition) => this.dispatcher.retire(partition),
      paused: (partition: AssignedPartition) => duties.client()?.pause(partition),
      resumed: (partition: AssignedPartition) => duties.client()?.resume(partition),
    };
    this.partitions = new AssignedPartitions((topic) => plans.of(topic), listener, logger);
    const told = (this.commitRecord = new CommitRecord(observer && commitListener(group, observer)));
    const transacting = {
      client: () => duties.client(),
      stored: (partition: AssignedPartition) => this.backpressure.look(partition),
      lose: (partition: AssignedPartition) => this.lose([partition]),
    };
    const createTransactions = (): TransactionFactory => duties.createTransactions();
    this.transactions = new Transactions(group, createTransactions, transacting, this.failures, told, meter);
    const send = (positions: CommittedPosition[]): Promise<void> => this.send(positions);
    this.commits = new Commits(group, () => this.partitions.all, send, this.transactions, this.failures, told);
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

  /** To be waited for before the position of a partition is read. */
  async prepare(place: TopicPartition): Promise<void> {
    if (this.plans.of(place.topic).isTransactional) await this.transactions.prepare(place);
  }

  /** These positions are committed. */
  assign(positions: readonly CommittedPosition[]): void {
    for (const position of positions) this.commits.startedAt(this.add(position));
    this.backpressure.divideAmong(this.all);
  }

  /** A partition goes on elsewhere, with nothing of what was admitted before. Its position is to be committed yet. */
  reassign(position: PartitionPosition): AssignedPartition {
    const before = this.find(position);
    this.partitions.lose([position]);
    const partition = this.add({ ...position, metadata: before?.metadataWithoutRecords ?? '' });
    if (before) partition.outputs.add(-1, before.outputs.take()); // with the first commit, wherever it goes on
    this.backpressure.divideAmong(this.all);
    return partition;
  }

  lose(partitions: readonly TopicPartition[]): void {
    this.partitions.lose(partitions);
    this.transactions.forget(partitions);
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
    this.commits.flush();
  }

  /** Commits until the broker knows what the partition has completed up to now, or it is lost, or all is ending. */
  untilCommitted(partition: AssignedPartition): Promise<boolean> {
    return this.commits.untilCommitted(partition, this.ending.signal);
  }

  /** The last commit, before partitions are given up. */
  commitLast(partitions: readonly AssignedPartition[], budgetMs: number): Promise<void> {
    return this.commits.last(partitions, budgetMs);
  }

  /** Starts nothing new, and waits for running handlers; past the budget they are aborted. */
  async drain(partitions: readonly AssignedPartition[], budgetMs: number): Promise<void> {
    const finish = tellDrain(partitions, this.settings.group, this.logger);
    const drained = Promise.all(partitions.map((partition) => partition.drain()));
    if (await settlesWithin(drained, budgetMs)) return finish();
    for (const partition of partitions.filter(({ running }) => running > 0)) {
      const place = placeFields(partition.position);
      const { group } = this.settings;
      this.logger.warn(describeAbort(partition, budgetMs), {
        event: 'drain-aborted',
        group,
        ...place,
        handlers: partition.running,
      });
      partition.abort('The time for running handlers to finish is over');
    }
    await settlesWithin(drained, Math.min(longestAbortMs, budgetMs / 4));
    finish();
  }

  /** Between the start of a consumer and its stop. */
  begin(): void {
    this.ending = new AbortController();
  }

  /** What waits for a commit waits no longer. */
  async end(): Promise<void> {
    this.ending.abort();
    this.failures.flush();
    await this.transactions.close();
  }

  /** Lets what waits long take no more memory than its own, and tells of what is paused for long. To be called now and then. */
  tidy(): void {
    this.pausesTold.look(this.backpressure.pausedSince, Date.now());
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

  private deliver(lane: Lane, partition: AssignedPartition): LaneDelivery {
    const { handlers, batch, delayMs, isTransactional } = partition.plan;
    if (batch) return this.deliverBatch(partition.batchOf(lane, batch), { ...handlers[0]!, batch }, partition);
    const record = lane.waiting.first!;
    const scope = {
      aborted: partition.aborted,
      commit: (outputs?: readonly OutputRecord[]) => this.commitEarly(partition, record.offset, outputs),
      takesMoved: isTransactional && this.transactions.takesMoved(partition),
    };
    return new Delivery(address(record, handlers, this.settings.group, delayMs !== undefined), scope, this.deliveries);
  }

  private deliverBatch(
    records: readonly ConsumedRecord[],
    binding: ConstructorParameters<typeof BatchDelivery>[1],
    partition: AssignedPartition,
  ): BatchDelivery {
    const completeEarly = (offset: number): void => {
      if (partition.isOwned) partition.completeEarly(offset);
    };
    return new BatchDelivery(records, binding, { aborted: partition.aborted, completeEarly }, this.deliveries);
  }

  private completed(partition: AssignedPartition, records: number): Promise<unknown> | undefined {
    this.backpressure.look(partition);
    if (!this.settings.autoCommit) return this.untilCommitted(partition);
    if (partition.plan.isTransactional) return void this.commits.flush(partition);
    this.completedSinceCommit += records;
    if (this.completedSinceCommit >= this.settings.commitAfterRecords) this.commit();
    return undefined;
  }

  private async commitEarly(
    partition: AssignedPartition,
    offset: number,
    outputs?: readonly OutputRecord[],
  ): Promise<void> {
    if (partition.isOwned) partition.completeEarly(offset, outputs);
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
