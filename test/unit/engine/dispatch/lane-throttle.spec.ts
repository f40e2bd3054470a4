import { beforeEach, describe, expect, it } from '@jest/globals';
import { LaneThrottle } from '../../../../lib/engine/dispatch/lane-throttle.js';
import type { PartitionLane } from '../../../../lib/engine/dispatch/partition-lane.js';
import { FakeConsumerClient } from '../../../support/fake-consumer-client.js';

describe('LaneThrottle', () => {
  let client: FakeConsumerClient;
  let throttle: LaneThrottle;

  beforeEach(() => {
    client = new FakeConsumerClient({
      assigned: () => undefined,
      records: () => undefined,
      repositioned: () => undefined,
      revoked: () => Promise.resolve(),
      lost: () => undefined,
    });
    throttle = new LaneThrottle({ maxInFlightRecords: 100, maxInFlightBytes: 1000 });
  });

  it.each([
    ['below both limits', 99, 999, false],
    ['at the limit of records', 100, 0, true],
    ['at the limit of bytes', 1, 1000, true],
  ])('a single lane %s', (_, records, bytes, isPaused) => {
    throttle.admitted(laneWith(records, bytes), 1, client);

    expect(client.paused.has('orders-0')).toBe(isPaused);
  });

  it('gives each lane an equal share', () => {
    throttle.admitted(laneWith(24), 4, client);
    expect(client.paused.size).toBe(0);

    throttle.admitted(laneWith(25), 4, client);
    expect(client.paused.size).toBe(1);
  });

  it('shares the bytes, too', () => {
    throttle.admitted(laneWith(1, 250), 4, client);

    expect(client.paused.size).toBe(1);
  });

  it('resumes a lane when half of its share is done, not before', () => {
    const lane = laneWith(100);
    throttle.admitted(lane, 1, client);

    lane.load.records = 51;
    throttle.shrunk(lane, 1, client);
    expect(client.paused.size).toBe(1);

    lane.load.records = 50;
    throttle.shrunk(lane, 1, client);
    expect(client.paused.size).toBe(0);
  });

  it('resumes only when bytes, too, are down', () => {
    const lane = laneWith(100, 1000);
    throttle.admitted(lane, 1, client);
    lane.load.records = 0;
    lane.load.bytes = 501;

    throttle.shrunk(lane, 1, client);

    expect(client.paused.size).toBe(1);
  });

  it('resumes a lane that holds nothing, however small its share', () => {
    const lane = laneWith(1);
    throttle.admitted(lane, 1000, client);
    expect(client.paused.size).toBe(1);

    lane.load.records = 0;
    throttle.shrunk(lane, 1000, client);

    expect(client.paused.size).toBe(0);
  });

  it('pauses again after a resume', () => {
    const lane = laneWith(100);
    throttle.admitted(lane, 1, client);
    lane.load.records = 0;
    throttle.shrunk(lane, 1, client);
    lane.load.records = 100;

    throttle.admitted(lane, 1, client);

    expect(client.paused.size).toBe(1);
  });

  it('leaves a lane alone that it has not paused', () => {
    client.pause({ topic: 'orders', partition: 0 });

    throttle.shrunk(laneWith(0), 1, client);

    expect(client.paused.size).toBe(1);
  });
});

function laneWith(records: number, bytes = 0): PartitionLane & { load: { records: number; bytes: number } } {
  return { topic: 'orders', partition: 0, load: { records, bytes } } as PartitionLane;
}
