import type { ConsumerClient } from '../client/consumer-client.js';
import type { PartitionLane } from './partition-lane.js';

/** What may be admitted and not completed, for the whole consumer. */
export interface InFlightLimits {
  maxInFlightRecords: number;
  maxInFlightBytes: number;
}

/** A paused lane resumes below this part of its share, or it would pause and resume at every record. */
const lowWater = 0.5;

/**
 * Pauses a partition whose lane holds its share of the limits, and resumes it when half of that is done. Each assigned
 * partition has an equal share, so that one that stands still takes nothing from the others.
 */
export class LaneThrottle {
  private readonly paused = new WeakSet<PartitionLane>();

  constructor(private readonly limits: InFlightLimits) {}

  admitted(lane: PartitionLane, lanes: number, client: ConsumerClient): void {
    if (this.paused.has(lane) || this.fill(lane, lanes) < 1) return;
    this.paused.add(lane);
    client.pause(lane);
  }

  shrunk(lane: PartitionLane, lanes: number, client: ConsumerClient): void {
    if (!this.paused.has(lane) || this.fill(lane, lanes) > lowWater) return;
    this.paused.delete(lane);
    client.resume(lane);
  }

  /** How full a lane's share is; the fuller of records and bytes. */
  private fill({ load }: PartitionLane, lanes: number): number {
    const { maxInFlightRecords, maxInFlightBytes } = this.limits;
    return Math.max(load.records / maxInFlightRecords, load.bytes / maxInFlightBytes) * lanes;
  }
}
