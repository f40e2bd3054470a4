import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import kafkajs from 'kafkajs';
import { kafkaDefaults } from '../../../../../lib/config/kafka-defaults.js';
import type { FetchSettings } from '../../../../../lib/engine/client/client-settings.js';
import type { FetchedPartition } from '../../../../../lib/engine/client/fetch/fetch-response.js';
import { everythingDue } from '../../../../support/consuming-application.js';
import { deferred } from '../../../../support/deferred.js';
import { encodeBatch, withAttribute } from '../../../../support/record-batches.js';
import { answered, atEnd, Fetching, partition, passes, reply, type PendingFetch } from './fetching.js';

const snappy = 2;

/** Of a batch with one record, at most. */
const overheadBytes = 100;

describe('Fetcher, with a buffer,', () => {
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

  it('fetches no more than one chunk ahead of that which is handed out', async () => {
    fetching.add([0, 5]);
    const first = await fetching.next();
    fetching.pause(0);
    reply(first, await partition(0, [5], [6]));
    await everythingDue();
    fetching.onRecords = () => fetching.pause(0);
    fetching.resume(0);
    const second = await fetching.next();
    await fetching.handedOut('0: 5 next 6');
    reply(second, await partition(0, [7]));
    fetching.resume(0);
    await fetching.handedOut('0: 5 next 6', '0: 6 next 7');

    await everythingDue();
    expect(underWay()).toEqual([]);

    fetching.resume(0);
    expect((await fetching.next()).asked).toEqual(['orders-0@8']);
  });

  it('fetches nothing while it is full, and goes on when there is room again, with every broker', async () => {
    fetch({ maxBufferedBytes: 100 });
    fetching.leaders = [1, 2];
    const full = answered(0, await encodeBatch([{ offset: 5, value: Buffer.alloc(100) }]));
    fetching.onRecords = () => expect(underWay()).toEqual([]);
    fetching.add([0, 5], [1, 6]);
    const [one, two] = [await fetching.next(1), await fetching.next(2)];
    reply(one, full);
    reply(two, atEnd(1));

    await fetching.handedOut('0: 5 next 6');
    await passes(10);

    expect(underWay()).toEqual([
      ['main', ['orders-0@6']],
      ['main', ['orders-1@6']],
    ]);
  });

  it('drops what it has of paused partitions when it is full, and fetches that again when they are resumed', async () => {
    fetch({ maxBufferedBytes: 100 });
    const full = answered(0, await encodeBatch([{ offset: 5, value: Buffer.alloc(100) }]));
    fetching.add([0, 5], [1, 6]);
    const fetched = await fetching.next();
    fetching.pause(0);
    reply(fetched, full, await partition(1, [6]));

    expect((await fetching.next()).asked).toEqual(['orders-1@7']);
    await fetching.handedOut('1: 6 next 7');
    expect(fetching.events).toEqual(['1: 6 next 7']);

    fetching.resume(0);
    reply(await fetching.next(), full);
    await fetching.handedOut('1: 6 next 7', '0: 5 next 6');
  });

  it('does not hold whole answers for partitions that stay paused', async () => {
    const value = Buffer.alloc(100_000, 'value');
    const batches = [await encodeBatch([{ offset: 5, value }]), await encodeBatch([{ offset: 6, value }])];
    const answer = Buffer.concat([...batches, Buffer.alloc(1_000_000)]);
    fetching.onRecords = () => fetching.pause(0);
    fetching.add([0, 5]);
    reply(await fetching.next(), answered(0, answer.subarray(0, 2 * batches[0]!.length)));
    await fetching.handedOut('0: 5 next 6');

    await passes(1000);

    expect(fetching.records[0]!.value).toEqual(value);
    expect(fetching.records[0]!.value!.buffer.byteLength).toBeLessThan(answer.length);
  });

  it('goes on when the partition that fills it is given up', async () => {
    fetch({ maxBufferedBytes: 100 });
    fetching.onRecords = () => fetching.remove(0);
    const batches = [{ offset: 5 }, { offset: 6 }].map((record) =>
      encodeBatch([{ ...record, value: Buffer.alloc(100) }]),
    );
    fetching.add([0, 5], [1, 6]);

    reply(await fetching.next(), answered(0, Buffer.concat(await Promise.all(batches))), atEnd(1));
    await passes(10);

    expect(underWay()).toEqual([['main', ['orders-1@6']]]);
  });

  it('asks for no more than there is room, and for no more of a partition than its share', async () => {
    fetch({ maxBytes: 10_000_000, maxBytesPerPartition: 1_000_000, maxBufferedBytes: 1_000_000 });
    fetching.add([0, 5], [1, 6]);

    const { maxBytes, partitions } = (await fetching.next()).request;

    expect(maxBytes).toBe(250_000); // both lanes may ask for half of the buffer
    expect(partitions.map((asked) => asked.maxBytes)).toEqual([187_500, 187_500]); // two chunks of each into what is free
  });

  it.each([
    [1, 1_000],
    [12, 10_000],
  ])('asks for as much of %d partition(s) as is configured', async (count, expected) => {
    fetching.add(...Array.from({ length: count }, (_, n): [number, number] => [n, 5]));

    const { maxBytes, partitions } = (await fetching.next()).request;

    expect(maxBytes).toBe(expected);
    expect(new Set(partitions.map((asked) => asked.maxBytes))).toEqual(new Set([1_000]));
  });

  describe('of which records are slow to leave', () => {
    const { CompressionCodecs } = kafkajs;
    const missing = CompressionCodecs[snappy];

    /** Batches that wait for their decompression. */
    let held: (() => void)[];

    /** Bytes that were sent and not handed out, by partition. */
    let buffered: Map<number, number[]>;

    beforeEach(() => {
      held = [];
      buffered = new Map();
      const decompress = (bytes: Buffer) => {
        const done = deferred<Buffer>();
        held.push(() => done.resolve(bytes));
        return done.promise;
      };
      CompressionCodecs[snappy] = () => ({ compress: () => Promise.reject(new Error('unused')), decompress });
    });

    afterEach(() => {
      CompressionCodecs[snappy] = missing;
    });

    function slow(settings: Partial<FetchSettings>, brokers: number, partitions: number): void {
      fetch(settings);
      fetching.leaders = Array.from({ length: partitions }, (_, n) => (n % brokers) + 1);
      fetching.onRecords = (event) => buffered.get(parseInt(event))?.shift();
      fetching.add(...fetching.leaders.map((_, n): [number, number] => [n, 0]));
    }

    /** Answers with as much of each partition as fits. */
    async function fill(pending: PendingFetch): Promise<void> {
      let room = pending.request.maxBytes;
      const partitions: FetchedPartition[] = [];
      for (const { partition, offset, maxBytes } of pending.request.partitions) {
        const size = Math.min(maxBytes, room) - overheadBytes;
        if (size <= 0) continue;
        const bytes = withAttribute(await encodeBatch([{ offset, value: Buffer.alloc(size) }]), snappy);
        room -= bytes.length;
        buffered.set(partition.partition, [...(buffered.get(partition.partition) ?? []), bytes.length]);
        partitions.push(answered(partition.partition, bytes));
      }
      reply(pending, ...partitions);
      await passes(10);
    }

    const bytesUnderWay = (): number => fetching.pending.reduce((sum, { request }) => sum + request.maxBytes, 0);
    const bytesHeld = (): number => [...buffered.values()].flat().reduce((sum, bytes) => sum + bytes, 0);

    it('never has more of it and under way, in all lanes of all brokers, than is configured', async () => {
      const limit = 200_000;
      slow({ maxBufferedBytes: limit, maxBytes: 1_000_000, maxBytesPerPartition: 1_000_000 }, 3, 12);
      await passes(10);

      for (let step = 0; step < 300; step++) {
        expect(bytesUnderWay() + bytesHeld()).toBeLessThanOrEqual(limit);
        const { pending } = fetching;
        if (pending.length > 0 && (step % 3 > 0 || held.length === 0)) {
          await fill(pending.splice((step * 7) % pending.length, 1)[0]!);
        } else held.splice((step * 5) % held.length, 1)[0]?.();
        await passes(10);
      }

      expect(new Set(fetching.records.map((record) => record.partition)).size).toBe(12);
    });

    it('has a poll under way with every broker by default while that of others is full', async () => {
      slow(kafkaDefaults.fetch, 3, 12);
      await passes(10);

      for (const node of [1, 2, 3]) await fill(await fetching.next(node));

      expect(bytesHeld()).toBeGreaterThan(12_000_000);
      expect(fetching.pending.map(({ node, asked }) => [node, asked.length])).toEqual([
        [1, 4],
        [2, 4],
        [3, 4],
      ]);
    });

    it('asks a broker of which there is nothing, however full it is of others', async () => {
      const limit = 200_000;
      slow({ maxBufferedBytes: limit, maxBytes: 1_000_000, maxBytesPerPartition: 1_000_000 }, 2, 41);
      for (let n = 1; n < 41; n += 2) fetching.pause(n);
      await passes(10);
      for (let polls = 0; polls < 20 && underWay().length > 0; polls++) await fill(fetching.pending.shift()!);
      expect(underWay()).toEqual([]);

      fetching.resume(1);
      await passes(10);
      fetching.resume(3);
      await passes(10);

      expect(fetching.pending.map(({ node, asked }) => [node, asked])).toEqual([
        [2, ['orders-1@0']],
        [2, ['orders-3@0']],
      ]);
      expect(bytesUnderWay() + bytesHeld()).toBeLessThanOrEqual(limit);
    });

    it('gets a batch that is larger than all of it, and goes on with others behind it', async () => {
      slow({ maxBufferedBytes: 10_000, maxBytes: 10_000, maxBytesPerPartition: 10_000 }, 1, 2);
      const large = withAttribute(await encodeBatch([{ offset: 0, value: Buffer.alloc(20_000) }]), snappy);
      reply(await fetching.next(), answered(0, large.subarray(0, 500)), atEnd(1));

      const { asked, request, answer } = await fetching.next();
      expect(asked[0]).toBe('orders-0@0');
      expect(request.maxBytes).toBe(large.length);
      answer.resolve({ errorCode: 0, partitions: [answered(0, large), atEnd(1)] });
      await passes(10);
      expect(underWay()).toEqual([]);
      held.shift()!();
      await fetching.handedOut('0: 0 next 1');
      await passes(10);

      expect(underWay()).toEqual([['main', expect.arrayContaining(['orders-0@1', 'orders-1@0'])]]);
    });
  });
});
