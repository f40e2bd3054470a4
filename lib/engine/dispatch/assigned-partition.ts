import { partitionName, type ConsumedRecord, type PartitionPosition } from '../client/consumer-client.js';
import { Outputs, type OutputRecord } from '../transactions/outputs.js';
import { encodeCommitMetadata, type CommitMetadata } from '../offsets/commit-metadata.js';
import type { BatchBinding } from '../handler-binding.js';
import type { Committable } from '../offsets/committer.js';
import { OffsetTracker } from '../offsets/offset-tracker.js';
import { Admissions } from './admissions.js';
import { DueQueue } from './due-queue.js';
import type { Parked } from './gate.js';
import type { Lane } from './lane.js';
import { Lanes } from './lanes.js';
import type { TopicPlan } from './topic-plan.js';

/** What a partition tells of itself. */
export interface PartitionListener {
  /** Something of it may be started now. */
  ready(partition: AssignedPartition): void;

  /** Nothing of it will be started any more. */
  retired(partition: AssignedPartition): void;

  /** Nothing, or something again, is to be fetched of it. */
  paused(partition: AssignedPartition): void;
  resumed(partition: AssignedPartition): void;
}

/**
 * Why nothing is fetched of a partition: enough of it waits, the application has asked for it, or what comes is not due yet.
 *
 * @publicApi
 */
export type PauseReason = 'backpressure' | 'application' | 'not-due';

/**
 * A partition under one assignment: its records in lanes, and which of them are completed. Each assignment has an object
 * of its own, so that work of an older one can neither commit nor complete anything of a newer one.
 */
export class AssignedPartition implements Committable, Parked {
  readonly name: string;
  readonly topic: string;
  readonly partition: number;

  /** How many of its handlers are running. */
  running = 0;

  /** What is to be stored with the position. */
  readonly outputs = new Outputs();

  private readonly firstStartPartitions: number | undefined;
  private readonly tracker: OffsetTracker<ConsumedRecord>;
  private readonly lanes: Lanes;
  private readonly admissions: Admissions;

  /** Of a retry topic: what is not due yet. */
  private readonly early: DueQueue | undefined;
  private readonly timers = new Set<NodeJS.Timeout>();

  /** How often open records were put back, by offset. */
  private readonly putBack = new Map<number, number>();
  private readonly pauses = new Set<PauseReason>();
  private readonly aborting = new AbortController();
  private bytes = 0;
  private owned = true;
  private retired = false;
  private whenSettled: (() => void)[] = [];
  private predecessorRuns = false;

  /**
   * @param known what the group keeps beside the position
   * @param predecessor settles when no handler of an earlier assignment is running any more
   */
  constructor(
    { topic, partition, offset }: PartitionPosition,
    known: CommitMetadata,
    readonly plan: TopicPlan,
    private readonly listener: PartitionListener,
    predecessor?: Promise<void>,
  ) {
    this.name = partitionName({ topic, partition });
    this.topic = topic;
    this.partition = partition;
    this.firstStartPartitions = known.firstStartPartitions;
    this.tracker = new OffsetTracker(offset, known.completed);
    this.lanes = new Lanes(plan, this.tracker, () => this.wake());
    this.admissions = new Admissions(this.tracker);
    if (plan.delayMs !== undefined) this.early = new DueQueue(plan.delayMs, (records) => this.line(records));
    if (predecessor) this.follow(predecessor);
  }

  get position(): PartitionPosition {
    return { topic: this.topic, partition: this.partition, offset: this.tracker.committable };
  }

  get metadata(): string {
    const { tracker, firstStartPartitions } = this;
    return encodeCommitMetadata(tracker.committable, { firstStartPartitions, completed: tracker.completedAbove() });
  }

  /** The same, for another position. */
  get metadataWithoutRecords(): string {
    return encodeCommitMetadata(0, { firstStartPartitions: this.firstStartPartitions, completed: [] });
  }

  get completions(): number {
    return this.tracker.completions;
  }

  /** Whether it may commit. */
  get isOwned(): boolean {
    return this.owned;
  }

  /** Whether something of it may still be started. */
  get isActive(): boolean {
    return !this.retired;
  }

  /** Fires when the partition is lost, or the time for running handlers to finish is over. */
  get aborted(): AbortSignal {
    return this.aborting.signal;
  }

  /** Records and bytes admitted and not completed, and what they have led to and is not stored. */
  get load(): { records: number; bytes: number } {
    const { outputs } = this;
    return { records: this.tracker.openCount + outputs.count, bytes: this.bytes + outputs.bytes };
  }

  /** How much of what a commit's metadata can hold is in use; 1 is all of it. In order of the partition, none. */
  get metadataFill(): number {
    return this.plan.order === 'partition' ? 0 : this.tracker.metadataFill;
  }

  /** Since when the oldest of its open records is with us, in ms since 1970; `undefined` without any, or while none is due. */
  get oldestOpenSince(): number | undefined {
    const { oldest } = this.admissions;
    const due = oldest === undefined ? Infinity : oldest + (this.plan.delayMs ?? 0);
    return due <= Date.now() ? due : undefined;
  }

  /** Whether an open record of it is due. By no clock but the one that makes them due. */
  get isDue(): boolean {
    return this.tracker.openCount > (this.early?.length ?? 0);
  }

  get hasReady(): boolean {
    return this.lanes.hasReady && this.isActive && !this.predecessorRuns && !this.isPausedFor('application');
  }

  wake(): void {
    this.listener.ready(this);
  }

  /** How often the record at the position was put back into its lane. */
  get retries(): number {
    return this.putBack.get(this.tracker.committable) ?? 0;
  }

  get pausedFor(): PauseReason[] {
    return [...this.pauses];
  }

  isPausedFor(reason: PauseReason): boolean {
    return this.pauses.has(reason);
  }

  pause(reason: PauseReason): void {
    if (this.pauses.size === 0) this.listener.paused(this);
    this.pauses.add(reason);
  }

  resume(reason: PauseReason): void {
    if (!this.pauses.delete(reason)) return;
    if (this.pauses.size === 0) this.listener.resumed(this);
    this.wake();
  }

  admit(records: readonly ConsumedRecord[], next: number): void {
    if (this.retired) return;
    if (records[0]) this.admissions.note(records[0].offset);
    const open = records.filter((record) => this.tracker.admit(record.offset, record));
    for (const record of open) this.bytes += record.size;
    this.tracker.readUpTo(next);
    this.line(this.early?.hold(open) ?? open);
  }

  /** The next lane that may go on, which is the caller's until it is completed and released, or retried. */
  take(): Lane | undefined {
    return this.lanes.take();
  }

  /** The records of a lane that are handled together, where its handler takes batches. */
  batchOf(lane: Lane, batch: BatchBinding): ConsumedRecord[] {
    return this.lanes.batchOf(lane, batch);
  }

  /** The first records of a lane are done with. */
  complete(lane: Lane, records = 1): void {
    if (lane.delivery?.outputs) this.outputs.add(lane.waiting.first!.offset, lane.delivery.outputs);
    lane.delivery = undefined;
    for (let left = records; left > 0; left--) {
      const record = lane.waiting.shift()!;
      this.bytes -= record.size;
      this.tracker.complete(record.offset);
      if (this.putBack.size > 0) this.putBack.delete(record.offset);
    }
  }

  /** A record whose handler still runs is done with already; so is what it has led to. */
  completeEarly(offset: number, outputs: readonly OutputRecord[] = []): void {
    this.outputs.add(offset, outputs);
    this.tracker.complete(offset);
  }

  /** A lane may go on. */
  release(lane: Lane): void {
    this.lanes.release(lane, this.running);
    this.wake();
  }

  /** A lane may go on with the same record, later. */
  retry(lane: Lane, delayMs: number): void {
    if (this.retired) return;
    const { first } = lane.waiting;
    first?.detach();
    if (first) this.putBack.set(first.offset, (this.putBack.get(first.offset) ?? 0) + 1);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.release(lane);
    }, delayMs);
    this.timers.add(timer);
  }

  /** A handler has ended. */
  settled(): void {
    if (this.running === 0) this.whenSettled.splice(0).forEach((resolve) => resolve());
  }

  /** What was admitted before that time, in ms since 1970, and still waits lets go of the memory it shares. */
  detachOlderThan(time: number): void {
    for (const record of this.tracker.openBelow(this.admissions.endBefore(time))) record.detach();
  }

  /** Starts nothing new; resolves when no handler is running. */
  drain(): Promise<void> {
    this.retire();
    return this.running === 0 ? Promise.resolve() : new Promise((resolve) => this.whenSettled.push(resolve));
  }

  /** Fires the running handlers' signals. What they complete after that still counts while the partition is owned. */
  abort(reason: string): void {
    this.retire();
    this.aborting.abort(new Error(reason));
  }

  /**
   * The partition is not ours any more: nothing of it may be committed.
   *
   * @returns what settles with the running handlers, if some are running
   */
  lose(): Promise<void> | undefined {
    this.owned = false;
    this.abort(`Partition ${this.name} was given up or lost`);
    return this.running > 0 ? this.drain() : undefined;
  }

  private retire(): void {
    if (this.retired) return;
    this.retired = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.early?.close();
    this.lanes.close();
    this.listener.retired(this);
  }

  private follow(predecessor: Promise<void>): void {
    this.predecessorRuns = true;
    void predecessor.then(() => {
      this.predecessorRuns = false;
      this.wake();
    });
  }

  private line(records: readonly ConsumedRecord[]): void {
    for (const record of records) this.lanes.push(record);
    if (this.early?.isEmpty === false) this.pause('not-due');
    else this.resume('not-due');
    this.wake();
  }
}
