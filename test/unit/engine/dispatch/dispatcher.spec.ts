import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ConsumedRecord } from '../../../../lib/engine/client/consumer-client.js';
import { AssignedPartition } from '../../../../lib/engine/dispatch/assigned-partition.js';
import { Dispatcher } from '../../../../lib/engine/dispatch/dispatcher.js';
import { ConcurrencyGate, RateGate, type Gate } from '../../../../lib/engine/dispatch/gate.js';
import { planTopic } from '../../../../lib/engine/dispatch/topic-plan.js';
import type { HandlerBinding } from '../../../../lib/engine/handler-binding.js';
import { Delivery } from '../../../../lib/engine/recovery/delivery.js';
import { noCounts } from '../../../../lib/engine/recovery/delivery-context.js';
import { address } from '../../../../lib/engine/recovery/redelivery.js';
import type { ProcessingOrder } from '../../../../lib/messaging/processing-order.js';
import { deferred, type Deferred } from '../../../support/deferred.js';
import { eventually } from '../../../support/eventually.js';
import { handlerBinding } from '../../../support/handler-binding.js';
import { RecordingLogger } from '../../../support/recording-logger.js';
import { record } from '../../../support/records.js';

interface StageOptions {
  places?: number;
  order?: ProcessingOrder;
  gates?: Gate[];
  binding?: Partial<HandlerBinding>;
}

/** A dispatcher with partitions of topic `orders`; handlers end when they are told to, unless they have their own. */
class Stage {
  readonly running = new Map<string, Deferred<unknown>>();
  readonly begun: string[] = [];
  readonly broken: unknown[] = [];
  mostAtATime = 0;
  isLive = true;

  /** What making a delivery throws. */
  fault: Error | undefined;
  readonly dispatcher: Dispatcher;
  private readonly binding: HandlerBinding;
  private readonly partitions: AssignedPartition[] = [];

  constructor(private readonly options: StageOptions = {}) {
    const { places = 100, order = 'key', binding } = options;
    this.binding = handlerBinding({
      order,
      retry: { initialDelayMs: 1, multiplier: 1, maxDelayMs: 1, jitter: 'none', maxAttempts: Infinity },
      handle: ({ partition, offset }) => this.handle(`${partition}@${offset}`),
      ...binding,
    });
    const context = {
      group: 'billing',
      logger: new RecordingLogger(),
      counts: noCounts(),
      publish: (record: { topic: string }) => Promise.resolve({ topic: record.topic, partition: 0, offset: '0' }),
    };
    this.dispatcher = new Dispatcher(places, {
      mayStart: () => this.isLive,
      deliver: (lane, { aborted, plan }) => {
        if (this.fault) throw this.fault;
        const scope = { aborted, commit: () => Promise.resolve() };
        return new Delivery(address(lane.waiting.first!, plan.handlers, 'billing', false), scope, context);
      },
      completed: () => undefined,
      stopRequested: () => undefined,
      broke: (_, error) => void this.broken.push(error),
    });
  }

  assign(partition: number): AssignedPartition {
    const plan = planTopic([this.binding], this.options.gates ?? []);
    const assigned = new AssignedPartition({ topic: 'orders', partition, offset: 0 }, { completed: [] }, plan, {
      ready: (one) => this.dispatcher.wake(one),
      retired: (one) => this.dispatcher.retire(one),
      paused: () => undefined,
      resumed: () => undefined,
    });
    this.dispatcher.add();
    this.partitions.push(assigned);
    return assigned;
  }

  end(...places: string[]): void {
    for (const place of places) void this.running.get(place)!.resolve(undefined);
  }

  drop(): void {
    for (const partition of this.partitions) void partition.lose();
    for (const handler of this.running.values()) void handler.resolve(undefined);
  }

  private async handle(place: string): Promise<void> {
    const end = deferred<unknown>();
    this.running.set(place, end);
    this.begun.push(place);
    this.mostAtATime = Math.max(this.mostAtATime, this.running.size);
    await end.promise;
    this.running.delete(place);
  }
}

/** Records of one partition with these keys, from an offset on. */
function recordsOf(partition: number, keys: readonly (string | null)[], from = 0): ConsumedRecord[] {
  return keys.map((key, at) =>
    record({ topic: 'orders', partition, offset: from + at, key: key === null ? null : Buffer.from(key) }),
  );
}

function admit(partition: AssignedPartition, keys: readonly (string | null)[], from = 0): void {
  partition.admit(recordsOf(partition.partition, keys, from), from + keys.length);
}

const everythingDue = async (): Promise<void> => {
  for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate);
};

describe('Dispatcher', () => {
  let stage: Stage;

  beforeEach(() => {
    stage = new Stage();
  });

  afterEach(() => stage.drop());

  it('starts the first record of each key, and the next when that one is done', async () => {
    const partition = stage.assign(0);
    admit(partition, ['a', 'b', 'a', null, null]);
    expect(stage.begun).toEqual(['0@0', '0@1', '0@3']);

    stage.end('0@0', '0@3');
    await everythingDue();

    expect(stage.begun).toEqual(['0@0', '0@1', '0@3', '0@2', '0@4']);
  });

  it('reports a delivery that fails itself, and keeps neither its place nor those who wait for its end', async () => {
    const partition = stage.assign(0);
    stage.fault = new Error('a fault of ours');

    admit(partition, ['a']);

    expect(stage.broken).toEqual([stage.fault]);
    expect(stage.dispatcher.running).toBe(0);
    await expect(partition.drain()).resolves.toBeUndefined();
    expect(partition.lose()).toBeUndefined();
  });

  it.each<[ProcessingOrder, string[]]>([
    ['partition', ['0@0']],
    ['unordered', ['0@0', '0@1', '0@2']],
  ])('starts in order %s what may run side by side', (order, begun) => {
    stage = new Stage({ order });

    admit(stage.assign(0), ['a', 'a', 'b']);

    expect(stage.begun).toEqual(begun);
  });

  it('handles every record once, in the order of its lane, never more than its places at a time', async () => {
    const scenario = fc.record({
      places: fc.integer({ min: 1, max: 6 }),
      order: fc.constantFrom<ProcessingOrder>('partition', 'key', 'unordered'),
      keys: fc.array(fc.tuple(fc.nat(2), fc.constantFrom('a', 'b', 'c', null), fc.nat(2)), { maxLength: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ places, order, keys }) => {
        const ended: string[] = [];
        const [attempts, running] = [new Map<string, number>(), new Set<string>()];
        let most = 0;
        const own = new Stage({
          places,
          order,
          binding: {
            handle: ({ partition, offset, key }) => {
              const place = `${partition}@${offset}`;
              const tries = (attempts.get(place) ?? 0) + 1;
              attempts.set(place, tries);
              running.add(place);
              most = Math.max(most, running.size);
              const finish = (): void => {
                running.delete(place);
                const failures = keys[Number(offset)]?.[2] ?? 0;
                if (tries <= failures % 2) throw new Error('not yet');
                ended.push(`${order === 'key' ? `${partition} ${String(key)}` : partition}:${offset}`);
              };
              return Number(offset) % 3 === 0 ? finish() : Promise.resolve().then(finish);
            },
          },
        });
        const partitions = [0, 1, 2].map((number) => own.assign(number));
        partitions.forEach((partition, number) => {
          const mine = keys.flatMap(([of, key], offset) => (of === number ? [{ offset, key }] : []));
          const records = mine.flatMap(({ offset, key }) => recordsOf(number, [key], offset));
          partition.admit(records, keys.length);
        });
        await eventually(() => ended.length === keys.length, { intervalMs: 1 });

        expect(new Set(ended).size).toBe(keys.length);
        expect(most).toBeLessThanOrEqual(places);
        expect(partitions.map(({ position }) => position.offset)).toEqual([keys.length, keys.length, keys.length]);
        expect(own.dispatcher.running).toBe(0);
        if (order === 'unordered') return;
        const lanes = new Map<string, number[]>();
        for (const place of ended) {
          const [lane = '', offset] = place.split(':');
          lanes.set(lane, [...(lanes.get(lane) ?? []), Number(offset)]);
        }
        for (const offsets of lanes.values()) expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
      }),
      { numRuns: 60 },
    );
  });

  it('keeps places for partitions none of whose handlers is running', () => {
    stage = new Stage({ places: 8, order: 'unordered' });
    const [hot, other] = [stage.assign(0), stage.assign(1)];
    stage.assign(2);

    admit(hot, Array<string>(20).fill('a'));
    expect(stage.running.size).toBe(6);

    admit(other, ['a', 'b']);
    expect(stage.begun.slice(6)).toEqual(['1@0']);
  });

  it('can use all places again once partitions have gone, however they went', async () => {
    stage = new Stage({ places: 4, order: 'unordered' });
    const [first, second, third] = [stage.assign(0), stage.assign(1), stage.assign(2)];
    admit(first, ['a', 'b']);
    void first.lose();
    void second.drain();
    void third.lose();
    stage.end('0@0', '0@1');
    await everythingDue();

    admit(stage.assign(3), ['a', 'b', 'c', 'd', 'e']);

    expect(stage.running.size).toBe(4);
    expect(stage.dispatcher.running).toBe(4);
  });

  it('lets the lanes of a partition take turns', async () => {
    stage = new Stage({ places: 1 });
    admit(stage.assign(0), ['a', 'a', 'a', 'b', 'c']);

    for (const place of ['0@0', '0@3', '0@4']) {
      stage.end(place);
      await everythingDue();
    }

    expect(stage.begun).toEqual(['0@0', '0@3', '0@4', '0@1']);
  });

  it('gives the place of a record that waits for its next attempt to another', async () => {
    let attempts = 0;
    stage = new Stage({
      places: 1,
      binding: {
        handle: ({ key }) => {
          if (String(key) === 'failing' && ++attempts < 3) throw new Error('not yet');
          stage.begun.push(String(key));
        },
      },
    });

    admit(stage.assign(0), ['failing', 'a', 'b']);

    expect(stage.begun).toEqual(['a', 'b']);
    await eventually(() => stage.begun.includes('failing'), { intervalMs: 1 });
  });

  it('lets the event loop turn when handlers never wait', async () => {
    let handled = 0;
    stage = new Stage({
      binding: {
        handle: () => {
          const end = performance.now() + 1;
          while (performance.now() < end);
          handled++;
        },
      },
    });
    let handledBefore: number | undefined;
    setImmediate(() => (handledBefore = handled));

    admit(stage.assign(0), Array<string>(100).fill('a'));
    await eventually(() => handled === 100, { intervalMs: 1 });

    expect(handledBefore).toBeLessThan(100);
  });

  it('starts nothing while the group may not count on this member', () => {
    stage.isLive = false;

    admit(stage.assign(0), ['a']);

    expect(stage.begun).toEqual([]);
  });

  it('tells of what breaks down within', () => {
    stage = new Stage({ order: 'partition' });
    const partition = stage.assign(0);
    const error = new Error('impossible');
    Object.defineProperty(partition.plan, 'handlers', {
      get: () => {
        throw error;
      },
    });

    admit(partition, ['a']);

    expect(stage.broken).toEqual([error]);
  });

  describe('with a handler that has a limit', () => {
    it('of messages at a time, keeps to it over all partitions', async () => {
      stage = new Stage({ gates: [new ConcurrencyGate(2)], order: 'unordered' });
      const [first, second] = [stage.assign(0), stage.assign(1)];
      admit(first, ['a', 'b', 'c']);
      admit(second, ['a']);
      expect(stage.begun).toEqual(['0@0', '0@1']);

      stage.end('0@0');
      await everythingDue();
      stage.end('0@1');
      await everythingDue();

      expect(stage.begun).toHaveLength(4);
      expect(stage.begun).toContain('1@0');
      expect(stage.mostAtATime).toBe(2);
    });

    it('of calls a second, keeps to it but for a short burst', async () => {
      const perSecond = 200;
      stage = new Stage({ gates: [new RateGate(perSecond)], order: 'unordered' });
      const began = performance.now();

      admit(stage.assign(0), Array<string>(60).fill('a'));
      await eventually(() => stage.begun.length === 60, { intervalMs: 1 });

      const seconds = (performance.now() - began) / 1000;
      expect(60 / seconds).toBeLessThanOrEqual(perSecond + 20 / seconds);
      await delay(0);
    });
  });
});
