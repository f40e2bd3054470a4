import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { everythingDue } from '../../../../support/consuming-application.js';
import { encodeBatch, encodeMarker } from '../../../../support/record-batches.js';
import { answered, atEnd, Fetching, partition, reply, until } from './fetching.js';

describe('Fetcher', () => {
  let fetching: Fetching;

  beforeEach(() => {
    fetching = new Fetching();
  });

  afterEach(() => fetching.stop());

  it('asks each leader for its partitions, at their positions', async () => {
    fetching.add([0, 5], [1, 6], [2, 7]);

    expect((await fetching.next(1)).asked).toEqual(['orders-0@5', 'orders-1@6']);
    expect((await fetching.next(2)).asked).toEqual(['orders-2@7']);
  });

  it('hands out what came, batch by batch, and goes on behind it', async () => {
    fetching.add([0, 5]);

    await fetching.answer('orders-0@5', await partition(0, [5, 6], [7]));

    expect((await fetching.next()).asked).toEqual(['orders-0@8']);
    await fetching.handedOut('0: 5,6 next 7', '0: 7 next 8');
    expect(fetching.events).toEqual(['0: 5,6 next 7', '0: 7 next 8']);
    expect(fetching.position(0)).toBe(8);
  });

  it('has the next fetch under way before it hands anything out', async () => {
    let underWay: string[][] = [];
    fetching.onRecords = () => (underWay = fetching.pending.map(({ asked }) => asked));
    fetching.add([0, 5]);

    await fetching.answer('orders-0@5', await partition(0, [5, 6]));
    await fetching.handedOut('0: 5,6 next 7');

    expect(underWay).toEqual([['orders-0@7']]);
  });

  it('asks again at the same position when nothing came, and tells nobody', async () => {
    fetching.add([0, 5]);

    await fetching.answer('orders-0@5', atEnd(0));

    expect((await fetching.next()).asked).toEqual(['orders-0@5']);
    expect(fetching.events).toEqual([]);
  });

  it('hands out the partitions in turn', async () => {
    fetching.add([0, 5], [1, 6]);

    reply(await fetching.next(), await partition(0, [5], [6]), await partition(1, [6], [7]));

    await fetching.handedOut('0: 5 next 6', '1: 6 next 7', '0: 6 next 7', '1: 7 next 8');
    expect(fetching.events).toEqual(['0: 5 next 6', '1: 6 next 7', '0: 6 next 7', '1: 7 next 8']);
  });

  it('asks first for the partition whose turn it was longest ago', async () => {
    fetching.leaders = [1, 1, 1];
    fetching.add([0, 5], [1, 6], [2, 7]);

    reply(await fetching.next(), await partition(0, [5]), atEnd(1), await partition(2, [7]));

    expect((await fetching.next()).asked).toEqual(['orders-1@6', 'orders-0@6', 'orders-2@8']);
  });

  it('takes partitions in addition, and leaves the others alone', async () => {
    fetching.add([0, 5]);
    const first = await fetching.next();

    fetching.add([1, 6]);

    expect((await fetching.next()).asked).toEqual(['orders-1@6']);
    reply(first, await partition(0, [5]));
    await fetching.handedOut('0: 5 next 6');
  });

  it('has a position for the partitions that it reads only', () => {
    fetching.add([0, 5], [1, 6]);
    fetching.remove(1);

    expect([0, 1, 2].map(fetching.position)).toEqual([5, undefined, undefined]);
  });

  it('hands out batches that have to be decompressed in their place, and others meanwhile', async () => {
    const zipped = await encodeBatch([{ offset: 5 }, { offset: 6 }], { compression: 'gzip' });
    const plain = await encodeBatch([{ offset: 7 }]);
    fetching.add([0, 5], [1, 6]);

    reply(await fetching.next(), answered(0, Buffer.concat([zipped, plain])), await partition(1, [6]));

    await fetching.handedOut('1: 6 next 7', '0: 5,6 next 7', '0: 7 next 8');
    expect(fetching.events).toEqual(['1: 6 next 7', '0: 5,6 next 7', '0: 7 next 8']);
  });

  it('leaves out aborted transactions, and moves past them, also when they go on in the next answer', async () => {
    const transaction = (producerId: number, offset: number) =>
      encodeBatch([{ offset }], { transactional: true, producerId });
    const aborted = (...batches: Buffer[]) => ({
      ...answered(0, Buffer.concat(batches)),
      abortedTransactions: [{ producerId: 1, firstOffset: 5 }],
    });
    fetching.add([0, 5]);

    await fetching.answer('orders-0@5', aborted(await transaction(1, 5), await transaction(2, 6)));
    await fetching.answer('orders-0@7', aborted(await transaction(1, 7), await encodeMarker('abort', 8, 1)));
    await fetching.answer('orders-0@9', answered(0, await transaction(1, 9)));

    const expected = ['0:  next 6', '0: 6 next 7', '0:  next 8', '0:  next 9', '0: 9 next 10'];
    await fetching.handedOut(...expected);
    expect(fetching.events).toEqual(expected);
  });

  describe('with a paused partition', () => {
    it('asks for the others only, and for that one once it is resumed', async () => {
      fetching.add([0, 5], [1, 6]);
      fetching.pause(0);
      expect((await fetching.next()).asked).toEqual(['orders-1@6']);

      fetching.resume(0);

      expect((await fetching.next()).asked).toEqual(['orders-0@5']);
    });

    it('keeps what comes of it until it is resumed', async () => {
      fetching.add([0, 5]);
      const fetch = await fetching.next();
      fetching.pause(0);
      reply(fetch, await partition(0, [5]));
      await everythingDue();
      expect(fetching.events).toEqual([]);

      fetching.resume(0);

      await fetching.handedOut('0: 5 next 6');
      expect((await fetching.next()).asked).toEqual(['orders-0@6']);
    });

    it('stops in the middle of what was fetched, and goes on there without another fetch', async () => {
      fetching.onRecords = () => fetching.pause(0);
      fetching.add([0, 5]);
      await fetching.answer('orders-0@5', await partition(0, [5], [6], [7]));
      await fetching.handedOut('0: 5 next 6');
      await everythingDue();
      expect(fetching.events).toEqual(['0: 5 next 6']);
      expect(fetching.position(0)).toBe(6);

      fetching.resume(0);
      await fetching.handedOut('0: 5 next 6', '0: 6 next 7');
      fetching.resume(0);
      await fetching.handedOut('0: 5 next 6', '0: 6 next 7', '0: 7 next 8');

      expect(fetching.pending.map(({ asked }) => asked)).toEqual([['orders-0@8']]);
    });

    it('keeps a batch that was being decompressed', async () => {
      const zipped = await encodeBatch([{ offset: 5 }], { compression: 'gzip' });
      fetching.onRecords = (event) => (event.startsWith('1') ? fetching.pause(0) : undefined);
      fetching.add([0, 5], [1, 6]);
      reply(await fetching.next(), answered(0, zipped), await partition(1, [6]));
      await fetching.handedOut('1: 6 next 7');
      expect(fetching.events).toEqual(['1: 6 next 7']);

      fetching.resume(0);

      await fetching.handedOut('1: 6 next 7', '0: 5 next 6');
    });

    it('is not paused any more when it is added anew', async () => {
      fetching.add([0, 5]);
      fetching.pause(0);
      fetching.remove(0);

      fetching.add([0, 8]);

      expect((await fetching.next()).asked).toEqual(['orders-0@8']);
    });
  });

  describe('removing a partition', () => {
    it('hands out nothing more of it, in the middle of what was fetched', async () => {
      fetching.onRecords = (event) => (event.startsWith('0') ? fetching.remove(0) : undefined);
      fetching.add([0, 5], [1, 6]);

      reply(await fetching.next(), await partition(0, [5], [6]), await partition(1, [6], [7]));

      await fetching.handedOut('0: 5 next 6', '1: 6 next 7', '1: 7 next 8');
      await everythingDue();
      expect(fetching.events).toEqual(['0: 5 next 6', '1: 6 next 7', '1: 7 next 8']);
      reply(await fetching.next(), atEnd(0), atEnd(1)); // was under way
      expect((await fetching.next()).asked).toEqual(['orders-1@8']);
    });

    it('drops the answer that is under way, also when it is added anew at the same position', async () => {
      fetching.add([0, 5]);
      const before = await fetching.next();
      fetching.remove(0);
      fetching.add([0, 5]);
      const after = await fetching.next();
      expect(after.asked).toEqual(['orders-0@5']);

      reply(before, await partition(0, [5]));
      await everythingDue();
      expect(fetching.events).toEqual([]);

      reply(after, await partition(0, [5]));
      await fetching.handedOut('0: 5 next 6');
    });

    it('leaves a fetch of others under way', async () => {
      fetching.add([0, 5], [1, 6]);
      const fetch = await fetching.next();

      fetching.remove(0);
      reply(fetch, await partition(0, [5]), await partition(1, [6]));

      expect((await fetching.next()).asked).toEqual(['orders-1@7']);
      await fetching.handedOut('1: 6 next 7');
      expect(fetching.events).toEqual(['1: 6 next 7']);
    });
  });

  describe('seeking', () => {
    it('goes on elsewhere in the middle of what was fetched', async () => {
      fetching.onRecords = (event) => (event === '0: 5 next 6' ? fetching.seek(0, 50) : undefined);
      fetching.add([0, 5]);

      await fetching.answer('orders-0@5', await partition(0, [5], [6]));

      await until(() => fetching.pending.some(({ asked }) => asked.includes('orders-0@50')), 'a fetch of orders-0@50');
      expect(fetching.events).toEqual(['0: 5 next 6']);
      expect(fetching.position(0)).toBe(50);
    });

    it('does not wait for a fetch that is under way, and drops what that brings', async () => {
      fetching.add([0, 5]);
      const before = await fetching.next();

      fetching.seek(0, 50);
      const after = await fetching.next();
      expect(after.asked).toEqual(['orders-0@50']);

      reply(before, await partition(0, [5]));
      reply(after, await partition(0, [50]));
      await fetching.handedOut('0: 50 next 51');
      expect(fetching.events).toEqual(['0: 50 next 51']);
    });

    it('leaves a paused partition paused', async () => {
      fetching.add([0, 5]);
      fetching.pause(0);
      fetching.seek(0, 50);
      await everythingDue();
      expect(fetching.pending).toEqual([]);

      fetching.resume(0);

      expect((await fetching.next()).asked).toEqual(['orders-0@50']);
    });

    it('means nothing for a partition that is not read', () => {
      fetching.seek(0, 50);

      expect(fetching.position(0)).toBeUndefined();
    });
  });

  it('hands out nothing once stopped, and asks no more', async () => {
    fetching.add([0, 5]);
    const fetch = await fetching.next();

    fetching.fetcher.stop();
    reply(fetch, await partition(0, [5]));
    fetching.add([1, 6]);
    await everythingDue();

    expect(fetching.events).toEqual([]);
    expect(fetching.pending).toEqual([]);
    expect(fetching.logger.lines).toEqual([]);
  });

  it('stops in the middle of what was fetched', async () => {
    fetching.onRecords = () => fetching.fetcher.stop();
    fetching.add([0, 5]);

    await fetching.answer('orders-0@5', await partition(0, [5], [6]));
    await fetching.handedOut('0: 5 next 6');
    await everythingDue();

    expect(fetching.events).toEqual(['0: 5 next 6']);
  });

  it('says nothing about a fetch that fails because it was stopped', async () => {
    fetching.add([0, 5]);
    const fetch = await fetching.next();

    fetching.fetcher.stop();
    fetch.answer.reject(new Error('connection closed'));
    await everythingDue();

    expect(fetching.logger.lines).toEqual([]);
  });
});
