import {
  partitionName,
  type ConsumedRecord,
  type PartitionPosition,
  type TopicPartition,
} from '../client/consumer-client.js';
import { OffsetTracker } from '../offsets/offset-tracker.js';
import type { LaneSignals, Outcome } from '../recovery/attempts.js';
import { untilAborted } from '../wait.js';

/** What a lane needs of its surroundings. */
export interface LaneDuties {
  /** Whether another record may be started now; if not, the lane is about to be lost. */
  mayStart(): boolean;

  handle(record: ConsumedRecord, signals: LaneSignals): Promise<Outcome>;

  /** A record is completed; the lane goes on once this has settled. */
  completed(lane: PartitionLane): Promise<void> | void;

  /** The lane has less waiting than before. */
  shrunk(lane: PartitionLane): void;

  /** The lane itself failed, which no handler can bring about. */
  broke(lane: PartitionLane, error: Error): void;

  /** To be waited for before the next record, now and then. */
  pause(): Promise<void> | undefined;

  /** A handler's policy asks for the end of the consumer. */
  stopRequested(): void;
}

/**
 * The records of one partition under one assignment, handled one after the other. Each assignment has a lane of its own,
 * so that work of an older one can neither commit nor complete anything of a newer one.
 */
export class PartitionLane implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  private readonly tracker: OffsetTracker;
  private readonly queue: ConsumedRecord[] = [];
  private readonly draining = new AbortController();
  private readonly aborting = new AbortController();
  private readonly signals: LaneSignals = { aborted: this.aborting.signal, draining: this.draining.signal };
  private working: Promise<void> | undefined;
  private running: number | undefined;
  private owned = true;
  private queuedBytes = 0;

  constructor(
    position: PartitionPosition,
    private readonly duties: LaneDuties,
    private readonly predecessor?: Promise<void>,
  ) {
    this.topic = position.topic;
    this.partition = position.partition;
    this.tracker = new OffsetTracker(position.offset);
  }

  /** Where the group would go on, were this process to end now. */
  get position(): PartitionPosition {
    return { topic: this.topic, partition: this.partition, offset: this.tracker.committable };
  }

  /** The offset whose handler is running, if one is. */
  get runningOffset(): number | undefined {
    return this.running;
  }

  /** Whether the lane may commit. */
  get isOwned(): boolean {
    return this.owned;
  }

  /** Records and bytes admitted and not completed. */
  get load(): { records: number; bytes: number } {
    return { records: this.tracker.openCount, bytes: this.queuedBytes };
  }

  admit(records: readonly ConsumedRecord[], next: number): void {
    if (this.draining.signal.aborted) return;
    for (const record of records) {
      this.tracker.admit(record.offset);
      this.queuedBytes += record.size;
      this.queue.push(record);
    }
    this.tracker.readUpTo(next);
    if (this.queue.length > 0) this.working ??= this.work();
  }

  /** Starts nothing new; resolves when the running handler is done. */
  drain(): Promise<void> {
    this.draining.abort();
    return this.working ?? Promise.resolve();
  }

  /** Fires the running handler's signal. What it completes after that still counts while the partition is owned. */
  abort(reason: string): void {
    this.draining.abort();
    this.aborting.abort(new Error(reason));
  }

  /**
   * The partition is not ours any more: nothing of it may be committed.
   *
   * @returns what settles with the running handler, if one is running
   */
  lose(): Promise<void> | undefined {
    this.owned = false;
    this.abort(`Partition ${partitionName(this)} was given up or lost`);
    return this.working;
  }

  /** Ends in the same turn that finds the queue empty: a record admitted between the two would be left lying. */
  private async work(): Promise<void> {
    try {
      if (this.predecessor) await Promise.race([this.predecessor, untilAborted(this.draining.signal)]);
      let goesOn = true;
      while (goesOn && this.mayGoOn) {
        goesOn = await this.handleNext();
        const pause = this.duties.pause();
        if (pause) await pause;
      }
    } catch (error) {
      this.duties.broke(this, error as Error);
    } finally {
      this.working = undefined;
    }
  }

  private get mayGoOn(): boolean {
    return this.queue.length > 0 && !this.draining.signal.aborted && this.duties.mayStart();
  }

  /** @returns whether the lane goes on with the next record */
  private async handleNext(): Promise<boolean> {
    const record = this.queue[0]!;
    this.running = record.offset;
    const outcome = await this.duties.handle(record, this.signals).finally(() => (this.running = undefined));
    if (outcome === 'stopped' && this.isOwned) this.duties.stopRequested();
    if (outcome === 'stopped' || outcome === 'abandoned' || !this.isOwned) return false;
    this.complete(record);
    await this.duties.completed(this);
    if (this.isOwned) this.duties.shrunk(this);
    return this.isOwned;
  }

  private complete(record: ConsumedRecord): void {
    this.queue.shift();
    this.queuedBytes -= record.size;
    this.tracker.complete(record.offset);
  }
}
