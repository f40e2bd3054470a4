import type { ConsumedRecord } from '../client/consumer-client.js';
import { Fifo } from '../fifo.js';
import type { BatchBinding } from '../handler-binding.js';
import { largestSpan } from '../offsets/commit-metadata.js';
import type { OffsetTracker } from '../offsets/offset-tracker.js';
import { Lane } from './lane.js';
import type { TopicPlan } from './topic-plan.js';

/** So much of the metadata's span has to become free before lanes beyond its reach are looked at again. */
const reachStep = largestSpan / 16;

/** The lanes of a partition, and which of them may go on. */
export class Lanes {
  private readonly lanes = new Map<string | undefined, Lane>();
  private readonly ready = new Fifo<Lane>();

  /** Lanes whose next record, were it completed, would not fit into the metadata of a commit. */
  private beyondReach: Lane[] = [];
  private lookedAt = 0;

  /** Those whose records wait for others to go with. */
  private readonly gathering = new Set<Lane>();
  private closed = false;

  /** @param woken called when a lane has become ready that nobody has asked for */
  constructor(
    private readonly plan: TopicPlan,
    private readonly tracker: Pick<OffsetTracker, 'committable' | 'isWithinReach'>,
    private readonly woken: () => void,
  ) {}

  get hasReady(): boolean {
    return this.ready.length > 0;
  }

  /** A record comes to the end of its lane. */
  push(record: ConsumedRecord): void {
    const lane = this.laneOf(record);
    lane.waiting.push(record);
    if (lane.isEmpty || lane.gathering) this.line(lane);
  }

  /** Nothing becomes ready by itself any more. */
  close(): void {
    this.closed = true;
    for (const { gathering } of this.gathering) clearTimeout(gathering);
    this.gathering.clear();
  }

  /** The records of a lane that are handled together. */
  batchOf({ waiting }: Lane, { maxSize }: BatchBinding): ConsumedRecord[] {
    const records = [waiting.first!];
    for (let next = waiting.at(1); next && records.length < maxSize; next = waiting.at(records.length)) {
      if (!this.tracker.isWithinReach(next.offset)) break; // some may be done with before others
      records.push(next);
    }
    return records;
  }

  /** The next lane that may go on, which is the caller's until it is released. */
  take(): Lane | undefined {
    for (let lane = this.ready.shift(); lane; lane = this.ready.shift()) {
      if (this.plan.order === 'partition' || this.tracker.isWithinReach(lane.waiting.first!.offset)) return lane;
      this.beyondReach.push(lane);
    }
    return undefined;
  }

  /**
   * A lane may go on.
   *
   * @param running handlers of the partition
   */
  release(lane: Lane, running: number): void {
    if (lane.waiting.length > 0) this.line(lane);
    else this.empty(lane);
    this.lookBeyondReach(running);
  }

  private laneOf(record: ConsumedRecord): Lane {
    const { order, laneKey } = this.plan;
    if (order === 'unordered') return new Lane();
    const key = order === 'key' ? laneKey(record) : undefined;
    let lane = this.lanes.get(key);
    if (!lane) this.lanes.set(key, (lane = new Lane(key)));
    return lane;
  }

  /** What waits in a lane may go on, once it is a batch. */
  private line(lane: Lane): void {
    lane.isEmpty = false;
    const { batch } = this.plan;
    if (batch && !lane.delivery && lane.waiting.length < batch.maxSize) return this.gather(lane, batch);
    this.gathered(lane);
  }

  private gather(lane: Lane, { maxWaitMs }: BatchBinding): void {
    if (this.closed) return; // a batch that ends in a shutdown leaves what waits behind it
    this.gathering.add(lane);
    lane.gathering ??= setTimeout(() => {
      this.gathered(lane);
      this.woken();
    }, maxWaitMs);
  }

  private gathered(lane: Lane): void {
    if (lane.gathering) {
      clearTimeout(lane.gathering);
      lane.gathering = undefined;
      this.gathering.delete(lane);
    }
    this.ready.push(lane);
  }

  private empty(lane: Lane): void {
    lane.isEmpty = true;
    if (this.plan.order === 'key') this.lanes.delete(lane.key);
  }

  /** The lane of the lowest open record is within reach: if it waits among the others, it is found when nothing else runs. */
  private lookBeyondReach(running: number): void {
    if (this.beyondReach.length === 0) return;
    const { committable } = this.tracker;
    if (committable - this.lookedAt < reachStep && running + this.ready.length > 0) return;
    this.lookedAt = committable;
    for (const lane of this.beyondReach) this.ready.push(lane);
    this.beyondReach = [];
  }
}
