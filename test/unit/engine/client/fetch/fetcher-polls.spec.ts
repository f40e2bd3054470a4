import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { FetchSettings } from '../../../../../lib/engine/client/client-settings.js';
import { everythingDue } from '../../../../support/consuming-application.js';
import { encodeBatch } from '../../../../support/record-batches.js';
import { answered, atEnd, Fetching, partition, passes, reply, type PendingFetch } from './fetching.js';

describe('Fetcher', () => {
  let fetching: Fetching;

  /** Time passes by hand; turns of the event loop go on. */
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask'] });
    fetch();
  });

  afterEach(() => {
    fetching.stop();
    jest.useRealTimers();
  });

  function fetch(settings: Partial<FetchSettings> = {}): void {
    fetching = new Fetching(settings);
    fetching.leaders = Array.from({ length: 100 }, () => 1);
  }

  const underWay = () => fetching.pending.map(({ lane, asked }) => [lane, asked]);

  describe('in two lanes', () => {
    it('waits long for all partitions at first, and for the answer only when there is nothing else to do', async () => {
      fetching.add([0, 5], [1, 6]);

      const main = await fetching.next();

      expect([main.lane, main.request.maxWaitMs, main.asked]).toEqual(['main', 5000, ['orders-0@5', 'orders-1@6']]);
      await passes(1000);
      expect(fetching.pending).toEqual([]);
    });

    it('waits briefly for what becomes wanted meanwhile, again and again', async () => {
      fetching.add([0, 5]);
      await fetching.next();

      fetching.add([1, 6]);

      for (let round = 0; round < 3; round++) {
        const express = await fetching.next();
        expect([express.lane, express.request.maxWaitMs, express.asked]).toEqual(['express', 20, ['orders-1@6']]);
        await passes(20);
        reply(express, atEnd(1));
      }
    });

    it('asks for all that becomes wanted at the same time at once', async () => {
      fetching.add([0, 5], [1, 6], [2, 7]);
      fetching.pause(1);
      fetching.pause(2);
      await fetching.next();

      fetching.resume(2);
      fetching.resume(1);

      expect((await fetching.next()).asked).toEqual(['orders-1@6', 'orders-2@7']);
    });

    it('goes on when the clock is set back', async () => {
      fetching.add([0, 5]);
      const main = await fetching.next();
      jest.setSystemTime(Date.now() - 3_600_000);

      reply(main, atEnd(0));
      await passes(1_000);

      expect((await fetching.next()).asked).toEqual(['orders-0@5']);
    });

    it('takes all into the long poll when that is over', async () => {
      fetching.add([0, 5]);
      const main = await fetching.next();
      fetching.add([1, 6]);
      const express = await answerLater(atEnd(1));

      await passes(20);
      expect(underWay()).toEqual([]);
      reply(main, atEnd(0));
      await everythingDue();
      expect(underWay()).toEqual([['main', ['orders-0@5', 'orders-1@6']]]);

      reply(express, atEnd(1));
      await passes(1000);
      expect(underWay()).toEqual([['main', ['orders-0@5', 'orders-1@6']]]);
    });

    it('takes what the brief poll brings of a partition that is in the long poll by then, once', async () => {
      fetching.add([0, 5]);
      const main = await fetching.next();
      fetching.add([1, 6]);
      const express = await answerLater(atEnd(1));
      reply(main, atEnd(0));
      const again = await fetching.next(1, 'main');
      expect(again.asked).toEqual(['orders-0@5', 'orders-1@6']);

      reply(express, await partition(1, [6]));
      await fetching.handedOut('1: 6 next 7');
      reply(again, atEnd(0), await partition(1, [6]));
      await everythingDue();

      expect(fetching.events).toEqual(['1: 6 next 7']);
    });

    it('leaves lively partitions out of the polls of many quiet ones', async () => {
      const quiet = Array.from({ length: 40 }, (_, n) => n + 1);
      fetching.add([0, 5], ...quiet.map((n): [number, number] => [n, 0]));

      reply(await fetching.next(), await partition(0, [5]), ...quiet.map(atEnd));

      const [main, express] = [await fetching.next(1, 'main'), await fetching.next(1, 'express')];
      expect(main.asked).toEqual(quiet.map((n) => `orders-${n}@0`));
      expect(main.request.maxWaitMs).toBe(1250); // by then it may take the other one back
      expect(express.asked).toEqual(['orders-0@6']);
      await passes(1250);
      reply(express, atEnd(0));
      await everythingDue();
      reply(main, ...quiet.map(atEnd));
      expect((await fetching.next(1, 'main')).asked).toEqual([...quiet.map((n) => `orders-${n}@0`), 'orders-0@6']);
    });

    it('takes a partition for lively of which the broker has more than it sent', async () => {
      const quiet = Array.from({ length: 40 }, (_, n) => n + 1);
      fetching.add([0, 5], ...quiet.map((n): [number, number] => [n, 0]));

      reply(await fetching.next(), answered(0, Buffer.alloc(0)), ...quiet.map(atEnd));

      expect((await fetching.next(1, 'express')).asked).toEqual(['orders-0@5']);
    });

    it('goes on with a quiet partition as soon as the long poll brings something of it', async () => {
      fetching.add([0, 5], [1, 6]);
      const main = await fetching.next();
      fetching.seek(1, 7);
      await fetching.next(1, 'express');

      reply(main, await partition(0, [5]), atEnd(1));

      await fetching.handedOut('0: 5 next 6');
      expect((await fetching.next(1, 'main')).asked).toEqual(['orders-0@6']);
    });

    it('does not ask at once again what was answered too early with nothing', async () => {
      fetching.add([0, 5]);
      reply(await fetching.next(), atEnd(0));
      await everythingDue();

      let asked = 0;
      for (let ms = 0; ms < 1000; ms++) {
        fetching.pending.splice(0).forEach((pending) => reply(pending, atEnd(0)) ?? asked++);
        await passes(1);
      }

      expect(asked).toBeLessThanOrEqual(200);
      expect(asked).toBeGreaterThan(50);
    });

    it('lets the broker collect for as long as is configured', async () => {
      fetch({ minBytes: 1000, maxWaitMs: 300 });
      fetching.add([0, 5]);
      const main = await fetching.next();
      fetching.add([1, 6]);
      const express = await fetching.next();

      expect([main, express].map(({ request }) => [request.minBytes, request.maxWaitMs])).toEqual([
        [1000, 300],
        [1000, 300],
      ]);
    });

    /** Lets the express lane answer until its partition counts as quiet. */
    async function answerLater(...partitions: Parameters<typeof reply>[1][]): Promise<PendingFetch> {
      for (let ms = 0; ms < 1100; ms += 20) {
        const express = await fetching.next(1, 'express');
        await passes(20);
        reply(express, ...partitions);
      }
      return fetching.next(1, 'express');
    }
  });

  describe('with a batch that is larger than what was asked for', () => {
    it('asks for it first, and for all of it', async () => {
      const large = await encodeBatch([{ offset: 6, value: Buffer.alloc(20_000) }]);
      fetching.add([0, 5], [1, 6]);

      reply(await fetching.next(), atEnd(0), answered(1, large.subarray(0, 500)));

      const { asked, request } = await fetching.next();
      expect(asked).toEqual(['orders-1@6', 'orders-0@5']);
      expect(request.partitions.map(({ maxBytes }) => maxBytes)).toEqual([large.length, 1000]);
      expect(request.maxBytes).toBe(large.length);
      expect(fetching.events).toEqual([]);
    });

    it('asks for that much of the partition from then on', async () => {
      const large = await encodeBatch([{ offset: 6, value: Buffer.alloc(2_000) }]);
      fetching.add([0, 5]);

      reply(
        await fetching.next(),
        answered(0, Buffer.concat([await encodeBatch([{ offset: 5 }]), large.subarray(0, 30)])),
      );

      expect((await fetching.next()).request.partitions.map(({ maxBytes }) => maxBytes)).toEqual([large.length]);
    });

    it('asks for it first even when its size cannot be seen', async () => {
      const large = await encodeBatch([{ offset: 6, value: Buffer.alloc(2_000) }]);
      fetching.add([0, 5], [1, 6]);

      reply(await fetching.next(), atEnd(0), answered(1, large.subarray(0, 10)));

      expect((await fetching.next()).asked).toEqual(['orders-1@6', 'orders-0@5']);
    });

    it('blocks the partition when the broker has no more of it', async () => {
      const large = await encodeBatch([{ offset: 5, value: Buffer.alloc(2_000) }]);
      fetching.add([0, 5], [1, 6]);
      reply(await fetching.next(), answered(0, large.subarray(0, 500)), atEnd(1));

      reply(await fetching.next(), answered(0, large.subarray(0, 500)), atEnd(1));
      await passes(10);

      expect((await fetching.next()).asked).toEqual(['orders-1@6']);
      expect(fetching.logger.at('error')).toEqual([
        expect.stringContaining(`of a batch of ${large.length} bytes, the broker sent only 500`),
      ]);
    });
  });
});
