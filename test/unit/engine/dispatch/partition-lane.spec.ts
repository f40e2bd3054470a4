import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ConsumedRecord } from '../../../../lib/engine/client/consumer-client.js';
import { PartitionLane, type LaneDuties } from '../../../../lib/engine/dispatch/partition-lane.js';
import type { LaneSignals, Outcome } from '../../../../lib/engine/recovery/attempts.js';
import { deferred, type Deferred } from '../../../support/deferred.js';
import { eventually } from '../../../support/eventually.js';
import { record, recordAt } from '../../../support/records.js';

describe('PartitionLane', () => {
  /** Handlers that were started, and how a spec ends them. */
  let started: { offset: number; signals: LaneSignals; end: Deferred<Outcome> }[];
  let mayStart: boolean;
  let completions: number;
  let breakdowns: Error[] = [];
  let stopRequests: number;
  let duties: LaneDuties;
  let lane: PartitionLane;

  beforeEach(() => {
    started = [];
    mayStart = true;
    completions = stopRequests = 0;
    breakdowns = [];
    duties = {
      mayStart: () => mayStart,
      pause: () => undefined,
      handle: ({ offset }, signals) => {
        const end = deferred<Outcome>();
        started.push({ offset, signals, end });
        return end.promise;
      },
      completed: () => void completions++,
      shrunk: () => undefined,
      broke: (_, error) => breakdowns.push(error),
      stopRequested: () => void stopRequests++,
    };
    lane = new PartitionLane({ topic: 'orders', partition: 3, offset: 5 }, duties);
  });

  it('starts no record while the group may not count on this member any more', async () => {
    lane.admit([recordAt(5), recordAt(6)], 7);
    mayStart = false;
    started[0]!.end.resolve('handled');
    await lane.drain();

    expect(started.map(({ offset }) => offset)).toEqual([5]);
  });

  it('stands where it was assigned', () => {
    expect(lane.position).toEqual({ topic: 'orders', partition: 3, offset: 5 });
    expect(lane.isOwned).toBe(true);
    expect(lane.runningOffset).toBeUndefined();
  });

  it('handles its records one after the other, in order', async () => {
    admit(5, 6);
    admit(7);

    for (const offset of [5, 6, 7]) {
      await handlerOf(offset);
      expect(lane.runningOffset).toBe(offset);
      end(offset, 'handled');
    }
    await lane.drain();

    expect(started.map(({ offset }) => offset)).toEqual([5, 6, 7]);
    expect(completions).toBe(3);
  });

  it('starts no record before the one below it is completed', async () => {
    admit(5, 6);
    await handlerOf(5);

    await everythingDue();

    expect(started).toHaveLength(1);
  });

  it('goes on only when its surroundings have taken the completion', async () => {
    const committed = deferred();
    duties.completed = () => committed.promise;
    admit(5, 6);
    await handlerOf(5);
    end(5, 'handled');
    await everythingDue();
    expect(started).toHaveLength(1);

    committed.resolve();

    await handlerOf(6);
  });

  it.each(['handled', 'skipped'] as const)('moves its position past a record that was %s', async (outcome) => {
    admit(5, 6);
    await handlerOf(5);
    expect(lane.position.offset).toBe(5);

    end(5, outcome);
    await handlerOf(6);

    expect(lane.position.offset).toBe(6);
  });

  it('moves past what was read and holds no record', () => {
    lane.admit([], 9);

    expect(lane.position.offset).toBe(9);
  });

  it('handles records that come after an empty read', async () => {
    lane.admit([], 9);

    admit(9);

    await handlerOf(9);
  });

  it('handles a record that comes in the very moment the queue has run empty', async () => {
    duties.shrunk = () => afterMicrotasks(1, () => admit(6));
    admit(5);
    await handlerOf(5);

    end(5, 'handled');

    await handlerOf(6);
  });

  it('handles a record whenever it comes after the last', async () => {
    for (let microtasks = 0; microtasks < 10; microtasks++) {
      const offset = 6 + microtasks;
      duties.shrunk = () => afterMicrotasks(microtasks, () => admit(offset));
      if (microtasks === 0) admit(5);
      await handlerOf(offset - 1);

      end(offset - 1, 'handled');

      await handlerOf(offset);
    }
  });

  it('counts records and bytes that are admitted and not completed', async () => {
    const [first, second] = [
      at(5, { key: Buffer.alloc(3), value: Buffer.alloc(10) }),
      at(6, { value: Buffer.alloc(4) }),
    ];
    lane.admit([first, second], 7);
    expect(lane.load).toEqual({ records: 2, bytes: 17 });

    await handlerOf(5);
    end(5, 'handled');
    await handlerOf(6);
    expect(lane.load).toEqual({ records: 1, bytes: 4 });

    end(6, 'handled');
    await lane.drain();
    expect(lane.load).toEqual({ records: 0, bytes: 0 });
  });

  describe('when drained', () => {
    it('has nothing to wait for while no handler runs', async () => {
      await lane.drain();
    });

    it('waits for the running handler, counts its completion and starts nothing after it', async () => {
      admit(5, 6);
      await handlerOf(5);
      let isDrained = false;
      const drained = lane.drain().then(() => (isDrained = true));
      await everythingDue();
      expect(isDrained).toBe(false);

      end(5, 'handled');
      await drained;

      expect(lane.position.offset).toBe(6);
      expect(started).toHaveLength(1);
    });

    it('tells the running handler’s attempts, and does not abort the handler', async () => {
      admit(5);
      await handlerOf(5);

      void lane.drain();

      expect(started[0]!.signals.draining.aborted).toBe(true);
      expect(started[0]!.signals.aborted.aborted).toBe(false);
      end(5, 'handled');
    });

    it('takes in nothing more, and does not move past it', async () => {
      await lane.drain();

      admit(5, 6);
      await everythingDue();

      expect(started).toEqual([]);
      expect(lane.position.offset).toBe(5);
      expect(lane.load.records).toBe(0);
    });
  });

  it.each(['abandoned', 'stopped'] as const)(
    'keeps a record that was %s open, and starts nothing after it',
    async (outcome) => {
      admit(5, 6);
      await handlerOf(5);

      end(5, outcome);
      await lane.drain();

      expect(lane.position.offset).toBe(5);
      expect(completions).toBe(0);
      expect(started).toHaveLength(1);
    },
  );

  it('asks for the end of the consumer when a handler’s policy does', async () => {
    admit(5);
    await handlerOf(5);

    end(5, 'stopped');
    await lane.drain();

    expect(stopRequests).toBe(1);
  });

  it('when aborted fires the signal, and still counts what the handler completes', async () => {
    admit(5, 6);
    await handlerOf(5);

    lane.abort('out of time');
    const { aborted } = started[0]!.signals;
    expect(aborted.aborted).toBe(true);
    expect((aborted.reason as Error).message).toBe('out of time');

    end(5, 'handled');
    await lane.drain();
    expect(lane.position.offset).toBe(6);
    expect(completions).toBe(1);
    expect(started).toHaveLength(1);
  });

  it('when its partition is lost fires the signal, and counts nothing any more', async () => {
    admit(5, 6);
    await handlerOf(5);

    void lane.lose();
    expect(lane.isOwned).toBe(false);
    expect((started[0]!.signals.aborted.reason as Error).message).toBe('Partition orders-3 was given up or lost');

    end(5, 'handled');
    await lane.drain();
    expect(lane.position.offset).toBe(5);
    expect(completions).toBe(0);
    expect(started).toHaveLength(1);
  });

  it('reports what no handler can bring about', async () => {
    admit(5);
    await handlerOf(5);

    started[0]!.end.reject(new Error('a bug in the engine'));
    await lane.drain();

    expect(breakdowns.map(({ message }) => message)).toEqual(['a bug in the engine']);
    expect(lane.position.offset).toBe(5);
  });

  it('refuses records that it has had', () => {
    admit(5, 6);

    expect(() => admit(6)).toThrow('Offset 6 admitted after everything below 7');
    expect(lane.load.records).toBe(2);
  });

  const at = (offset: number, fields: Partial<ConsumedRecord> = {}) => record({ offset, ...fields });

  function admit(...offsets: number[]): void {
    lane.admit(
      offsets.map((offset) => at(offset)),
      offsets.at(-1)! + 1,
    );
  }

  function handlerOf(offset: number): Promise<void> {
    const message = `the handler of ${offset} was expected to start`;
    return eventually(() => started.some((call) => call.offset === offset), {
      intervalMs: 1,
      timeoutMs: 2000,
      message,
    });
  }

  function end(offset: number, outcome: Outcome): void {
    started.find((call) => call.offset === offset)!.end.resolve(outcome);
  }
});

function everythingDue(): Promise<void> {
  return new Promise(setImmediate);
}

function afterMicrotasks(count: number, run: () => void): void {
  if (count === 0) run();
  else queueMicrotask(() => afterMicrotasks(count - 1, run));
}
