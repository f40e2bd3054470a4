import { beforeEach, describe, expect, it } from '@jest/globals';
import { Progress } from '../../../../lib/engine/condition/progress.js';
import type { AssignedPartition, PauseReason } from '../../../../lib/engine/dispatch/assigned-partition.js';
import { everythingDue } from '../../../support/consuming-application.js';

const limitMs = 120_000;

/** What progress sees of a partition. */
class Partition {
  readonly topic = 'orders';
  readonly name: string;
  offset = 5;
  running = 0;
  isDueByNow = true;
  records = 0;
  pausedFor: PauseReason[] = [];

  constructor(readonly partition: number) {
    this.name = `orders-${partition}`;
  }

  get position() {
    return { topic: this.topic, partition: this.partition, offset: this.offset };
  }

  get load() {
    return { records: this.records, bytes: 0 };
  }

  get isDue() {
    return this.records > 0 && this.isDueByNow;
  }

  isPausedFor(reason: PauseReason): boolean {
    return this.pausedFor.includes(reason);
  }
}

describe('Progress', () => {
  let one: Partition;
  let other: Partition;
  let partitions: Partition[];
  let ends: Map<number, number>;
  let asked: string[][];
  let unansweredMs: number;
  let wedged: string[];
  let progress: Progress;
  let now: number;

  beforeEach(() => {
    [one, other] = [new Partition(0), new Partition(1)];
    partitions = [one, other];
    ends = new Map();
    asked = [];
    wedged = [];
    unansweredMs = now = 0;
    const client = {
      endsOf: (places: readonly { partition: number }[]) => {
        asked.push(places.map(({ partition }) => `orders-${partition}`));
        const known = places.filter(({ partition }) => ends.has(partition));
        return Promise.resolve(
          known.map(({ partition }) => ({ topic: 'orders', partition, offset: ends.get(partition)! })),
        );
      },
      unansweredMs: () => unansweredMs,
    };
    progress = new Progress(
      {
        partitions: () => partitions as unknown as AssignedPartition[],
        client: () => client,
        wedged: (reason) => wedged.push(reason),
      },
      limitMs,
    );
  });

  /** Looks every second, for so many. */
  async function pass(seconds: number): Promise<void> {
    for (const until = now + seconds * 1_000; now < until; now += 1_000) {
      progress.look(now);
      await everythingDue();
    }
  }

  const stalledMs = () => partitions.map((partition) => progress.stalledMs(partition, now));

  it('sees a record that is not completed, from when it is there', async () => {
    await pass(3);
    one.records = 1;
    await pass(5);

    expect(stalledMs()).toEqual([5_000, 0]);
    one.offset = 6;
    await pass(1);
    expect(stalledMs()).toEqual([1_000, 0]);
  });

  it('does not wait for what is not due yet', async () => {
    one.records = 1;
    one.isDueByNow = false;
    await pass(300);

    expect(stalledMs()).toEqual([0, 0]);
    expect(asked.flat()).not.toContain('orders-0');
  });

  it('does not wait while the application has paused the partition, unless a handler of it runs', async () => {
    one.records = other.records = 1;
    other.running = 1;
    one.pausedFor = other.pausedFor = ['application'];
    await pass(10);
    expect(stalledMs()).toEqual([0, 10_000]);

    one.pausedFor = [];
    await pass(3);
    expect(stalledMs()).toEqual([3_000, 13_000]);
  });

  it('asks for the ends of quiet partitions now and then, and sees records that are not fetched', async () => {
    ends.set(0, 9).set(1, 5);
    await pass(10);
    expect(asked).toEqual([]);

    await pass(10);
    expect(asked).toEqual([['orders-0', 'orders-1']]);
    expect(stalledMs()[0]).toBeGreaterThanOrEqual(8_000);
    expect(stalledMs()[1]).toBe(0);

    await pass(30);
    expect(asked).toHaveLength(2);
  });

  it('does not ask about what is paused, or has something here', async () => {
    one.pausedFor = ['backpressure'];
    other.records = 1;
    await pass(60);

    expect(asked).toEqual([]);
  });

  it('takes nothing for granted of which the leader does not tell', async () => {
    await pass(300);

    expect(stalledMs()).toEqual([0, 0]);
    expect(wedged).toEqual([]);
  });

  it('forgets what was owed once the log has ended there', async () => {
    ends.set(0, 9);
    await pass(20);
    ends.set(0, 5);
    await pass(30);

    expect(stalledMs()).toEqual([0, 0]);
  });

  it('has a client replaced whose fetches of a partition with records are not answered', async () => {
    ends.set(0, 9);
    await pass(100);
    unansweredMs = limitMs + 1;
    expect(wedged).toEqual([]);

    await pass(60);

    expect(wedged[0]).toBe('orders-0 has records from 5 on, and no fetch of it was answered for more than 120000 ms');
  });

  it('leaves a client alone that is answered, whatever comes of the partition', async () => {
    ends.set(0, 9);
    await pass(300);

    expect(stalledMs()[0]).toBeGreaterThan(200_000);
    expect(wedged).toEqual([]);
  });

  it('knows a partition again that is lost and comes back to the same position', async () => {
    one.records = 1;
    await pass(10);
    partitions = [other];
    await pass(30);
    const back = new Partition(0);
    partitions = [back, other];
    await pass(5);

    expect(progress.stalledMs(back, now)).toBe(45_000);
    partitions = [other];
    await pass(70);
    partitions = [back, other];
    await pass(1);
    expect(progress.stalledMs(back, now)).toBe(0);
  });
});
