import type { LaneDelivery, Verdict } from '../recovery/lane-delivery.js';
import type { AssignedPartition } from './assigned-partition.js';
import type { Lane } from './lane.js';
import { TimeSlice } from './time-slice.js';

/** What the dispatcher needs of its surroundings. */
export interface DispatchDuties {
  /** Whether another record may be started now; if not, all partitions are about to be lost. */
  mayStart(): boolean;

  /** Begins with what is first in a lane. */
  deliver(lane: Lane, partition: AssignedPartition): LaneDelivery;

  /** So many records are completed; their lane goes on once this has settled. */
  completed(partition: AssignedPartition, records: number): Promise<unknown> | void;

  /** A handler's policy asks for the end of the consumer. */
  stopRequested(partition: AssignedPartition): void;

  /** The dispatch itself failed, which no handler can bring about. */
  broke(partition: AssignedPartition, error: Error): void;
}

/** `broken`: there is no verdict, for the dispatch itself failed. */
type Settled = Verdict | 'broken';

/** What is kept free for partitions none of whose handlers is running: a quarter, or a place for each if that is less. */
const reservedShare = 0.25;

/** Records that one partition may have handled in a turn, as long as none of them has to be waited for. */
const mostInTurn = 16;

/**
 * Starts handlers while there are places for them: partitions in turn, those none of whose handlers is running first, and
 * the lanes of each in turn. A place is taken by a running handler, not by a record that waits to be tried again.
 *
 * What handlers do at once, without a promise, costs none here either.
 */
export class Dispatcher {
  private inFlight = 0;

  /** Partitions none of whose handlers is running, whether they have something to start or not. */
  private resting = 0;

  /** Those that have something to start: of the resting, and of the others. */
  private readonly restingReady = new Set<AssignedPartition>();
  private readonly runningReady = new Set<AssignedPartition>();
  private readonly slice = new TimeSlice(() => this.run());
  private readonly mostReserved: number;
  private isInLoop = false;

  /** @param places how many handlers may run at the same time */
  constructor(
    private readonly places: number,
    private readonly duties: DispatchDuties,
  ) {
    this.mostReserved = Math.floor(places * reservedShare);
  }

  /** How many handlers are running. */
  get running(): number {
    return this.inFlight;
  }

  add(): void {
    this.resting++;
  }

  /** Nothing more of it is to be started. */
  retire(partition: AssignedPartition): void {
    if (partition.running === 0) this.resting--;
    this.unqueue(partition);
  }

  /** Something of the partition may have become ready. */
  wake(partition: AssignedPartition): void {
    this.queue(partition);
    this.run();
  }

  private queue(partition: AssignedPartition): void {
    if (partition.hasReady) (partition.running === 0 ? this.restingReady : this.runningReady).add(partition);
  }

  private unqueue(partition: AssignedPartition): void {
    this.restingReady.delete(partition);
    this.runningReady.delete(partition);
  }

  private run(): void {
    if (this.isInLoop || !this.duties.mayStart()) return;
    this.isInLoop = true;
    try {
      for (let next = this.next(); next && !this.slice.isOver(); next = this.next()) this.giveTurn(next);
    } finally {
      this.isInLoop = false;
    }
  }

  private next(): AssignedPartition | undefined {
    if (this.inFlight >= this.places) return undefined;
    for (const partition of this.restingReady) return partition;
    if (this.inFlight + Math.min(this.resting, this.mostReserved) >= this.places) return undefined;
    for (const partition of this.runningReady) return partition;
    return undefined;
  }

  /** What is done with at once takes no time from others: a few records at a turn cost less than a turn for each. */
  private giveTurn(partition: AssignedPartition): void {
    this.unqueue(partition);
    for (let left = mostInTurn; left > 0 && partition.hasReady; left--) {
      const closed = partition.plan.gates.find((gate) => !gate.isOpen);
      if (closed) return closed.park(partition);
      if (!this.startOne(partition) || this.slice.isOver()) break;
    }
    this.queue(partition);
  }

  /** @returns whether it is done with already */
  private startOne(partition: AssignedPartition): boolean {
    const lane = partition.take();
    if (!lane) return false;
    this.enter(partition);
    const verdict = this.attempt(partition, lane);
    if (verdict instanceof Promise) {
      void verdict.then((settled) => this.settle(partition, lane, settled)).then(() => this.run());
      return false;
    }
    this.settle(partition, lane, verdict);
    return verdict !== 'broken';
  }

  private attempt(partition: AssignedPartition, lane: Lane): Settled | Promise<Settled> {
    const fail = (error: unknown): 'broken' => {
      this.duties.broke(partition, error as Error);
      return 'broken';
    };
    try {
      lane.delivery ??= this.duties.deliver(lane, partition);
      const verdict = lane.delivery.attempt();
      return verdict instanceof Promise ? verdict.catch(fail) : verdict;
    } catch (error) {
      return fail(error);
    }
  }

  private settle(partition: AssignedPartition, lane: Lane, verdict: Settled): void {
    this.leave(partition);
    try {
      this.follow(verdict, partition, lane);
    } catch (error) {
      this.duties.broke(partition, error as Error);
    }
    partition.settled();
  }

  private follow(verdict: Settled, partition: AssignedPartition, lane: Lane): void {
    if (typeof verdict === 'object') partition.retry(lane, verdict.retryInMs);
    else if (verdict === 'stopped') this.stop(partition);
    else if (verdict === 'handled' || verdict === 'skipped' || verdict === 'moved') this.complete(partition, lane);
  }

  private stop(partition: AssignedPartition): void {
    if (partition.isOwned) this.duties.stopRequested(partition);
  }

  private complete(partition: AssignedPartition, lane: Lane): void {
    if (!partition.isOwned) return;
    const { size } = lane.delivery!;
    partition.complete(lane, size);
    const completed = this.duties.completed(partition, size);
    if (completed) void completed.then(() => partition.release(lane));
    else partition.release(lane);
  }

  private rests(partition: AssignedPartition): void {
    if (partition.isActive) this.resting++;
    if (this.runningReady.delete(partition)) this.restingReady.add(partition);
  }

  private enter(partition: AssignedPartition): void {
    this.inFlight++;
    if (partition.running++ === 0) this.resting--;
    for (const gate of partition.plan.gates) gate.enter();
  }

  private leave(partition: AssignedPartition): void {
    this.inFlight--;
    if (--partition.running === 0) this.rests(partition);
    for (const gate of partition.plan.gates) gate.leave();
  }
}
