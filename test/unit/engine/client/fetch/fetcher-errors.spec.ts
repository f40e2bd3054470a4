import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import kafkajs from 'kafkajs';
import { ErrorCode } from '../../../../../lib/engine/client/connection/protocol-errors.js';
import { everythingDue } from '../../../../support/consuming-application.js';
import { deferred } from '../../../../support/deferred.js';
import { encodeBatch, withAttribute } from '../../../../support/record-batches.js';
import { answered, atEnd, failing, Fetching, notLeader, partition, passes, reply, until } from './fetching.js';

const second = 1000;

describe('Fetcher', () => {
  let fetching: Fetching;

  /** Time passes by hand; turns of the event loop go on. */
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask'] });
    fetching = new Fetching();
  });

  afterEach(() => {
    fetching.stop();
    jest.useRealTimers();
  });

  describe('looking for leaders', () => {
    it('tries again until they can be looked up', async () => {
      let attempts = 0;
      fetching.metadata = () => (++attempts < 3 ? Promise.reject(new Error('no broker')) : Promise.resolve());

      fetching.add([0, 5]);
      await passes(second);

      expect((await fetching.next(1)).asked).toEqual(['orders-0@5']);
      expect(fetching.logger.at('warn')).toEqual(['Looking up leaders failed: no broker']);
    });

    it('looks at once for partitions that are added while it waits', async () => {
      fetching.leaders = [-1, 1, 1];
      fetching.add([0, 5]);
      await everythingDue();

      fetching.add([1, 6]);

      await everythingDue();
      expect(fetching.pending.map(({ asked }) => asked)).toEqual([['orders-1@6']]);
    });

    it('waits for a partition that has no leader, while others go on', async () => {
      fetching.leaders = [-1, 1, 2];
      fetching.add([0, 5], [1, 6]);
      expect((await fetching.next(1)).asked).toEqual(['orders-1@6']);
      await passes(second);
      expect(fetching.logger.at('warn')).toEqual(['There is no leader for orders-0; looking again']);

      fetching.leaders = [2, 1, 2];
      await passes(second);

      expect((await fetching.next(2)).asked).toEqual(['orders-0@5']);
    });

    it('follows a partition to its new leader at once, and says why', async () => {
      fetching.add([0, 5], [1, 6]);
      await everythingDue();
      fetching.leaders = [3, 3, 2];

      reply(fetching.pending.shift()!, failing(0, notLeader), failing(1, notLeader));
      await everythingDue();

      expect(fetching.pending.map(({ node, asked }) => [node, asked])).toEqual([[3, ['orders-0@5', 'orders-1@6']]]);
      expect(fetching.logger.at('warn')).toEqual([
        expect.stringMatching(/^Fetching orders-0, orders-1 failed, trying again: /),
      ]);
    });

    it('takes its time where the leader is still the same', async () => {
      fetching.add([0, 5]);
      await everythingDue();

      reply(fetching.pending.shift()!, failing(0, notLeader));
      await passes(400);
      expect(fetching.pending).toEqual([]);

      await passes(100);
      expect(fetching.pending.map(({ asked }) => asked)).toEqual([['orders-0@5']]);
    });

    it('drops what the old leader still sends', async () => {
      fetching.add([0, 5], [1, 6]);
      const main = await fetching.next(1);
      fetching.seek(0, 5);
      const express = await fetching.next(1);
      fetching.leaders = [3, 1, 2];
      reply(express, failing(0, notLeader));
      await fetching.next(3);

      reply(main, failing(0, ErrorCode.OffsetOutOfRange), atEnd(1));
      await everythingDue();

      expect(fetching.events).toEqual([]);
    });
  });

  describe('with a broker that does not answer', () => {
    it('tries again after a while, and leaves others alone', async () => {
      fetching.add([0, 5], [2, 7]);
      await everythingDue();
      const [one, two] = fetching.pending.splice(0);

      one!.answer.reject(new Error('connection lost'));
      reply(two!, await partition(2, [7]));
      await passes(400);
      expect(fetching.pending.splice(0).map(({ asked }) => asked)).toEqual([['orders-2@8']]);

      await passes(100);
      expect(fetching.pending.map(({ node, asked }) => [node, asked])).toEqual([[1, ['orders-0@5']]]);
      expect(fetching.logger.at('warn')).toEqual(['Fetching from broker 1 failed, trying again: connection lost']);
    });

    it('looks for other leaders at once', async () => {
      fetching.add([0, 5]);
      await everythingDue();
      fetching.leaders = [3, 1, 2];

      fetching.pending.shift()!.answer.reject(new Error('connection lost'));
      await everythingDue();

      expect(fetching.pending.map(({ node, asked }) => [node, asked])).toEqual([[3, ['orders-0@5']]]);
    });

    it('says so once a minute', async () => {
      fetching.add([0, 5]);
      await everythingDue();
      const outage = async (seconds: number): Promise<void> => {
        for (let half = 0; half < 2 * seconds; half++) {
          fetching.pending.shift()?.answer.reject(new Error('connection lost'));
          await passes(second / 2);
        }
      };

      await outage(50);
      expect(fetching.logger.lines).toHaveLength(1);

      await outage(20);
      expect(fetching.logger.lines).toHaveLength(2);
    });

    it('tries again when the whole poll is refused', async () => {
      fetching.add([0, 5]);

      (await fetching.next()).answer.resolve({ errorCode: 71, partitions: [] });
      await passes(second);

      expect((await fetching.next()).asked).toEqual(['orders-0@5']);
      expect(fetching.logger.at('warn')).toEqual([expect.stringMatching(/^Fetching from broker 1 failed.*code 71/)]);
    });
  });

  describe('with a replica that the leader prefers for it', () => {
    const preferring = async (node: number) => ({ ...atEnd(0), preferredReadReplica: node });

    it('moves there', async () => {
      fetching.add([0, 5]);

      reply(await fetching.next(1), await preferring(4));

      expect((await fetching.next(4)).asked).toEqual(['orders-0@5']);
    });

    it('goes back to the leader when the replica refuses it, whatever the reason', async () => {
      fetching.add([0, 5]);
      reply(await fetching.next(1), await preferring(4));

      reply(await fetching.next(4), failing(0, ErrorCode.OffsetOutOfRange));
      await passes(second);

      expect((await fetching.next(1)).asked).toEqual(['orders-0@5']);
      expect(fetching.events).toEqual([]);
    });

    it('goes back to the leader when the replica does not answer', async () => {
      fetching.add([0, 5]);
      reply(await fetching.next(1), await preferring(4));

      (await fetching.next(4)).answer.reject(new Error('connection lost'));
      await passes(second);

      expect((await fetching.next(1)).asked).toEqual(['orders-0@5']);
    });

    it('asks the leader again after five minutes', async () => {
      fetching.add([0, 5]);
      await everythingDue();
      reply(fetching.pending.shift()!, await preferring(4));
      await passes(299 * second);
      reply(fetching.pending.shift()!, await partition(0, [5]));
      await everythingDue();
      expect(fetching.pending.map(({ node }) => node)).toEqual([4]);

      await passes(second);
      reply(fetching.pending.shift()!, await partition(0, [6]));
      await everythingDue();

      expect(fetching.pending.map(({ node, asked }) => [node, asked])).toEqual([[1, ['orders-0@7']]]);
    });
  });

  describe('with records that cannot be decoded', () => {
    const unreadable = async (offset: number) => {
      const batch = await encodeBatch([{ offset }]);
      batch.writeInt8(1, 16);
      return batch;
    };

    it.each([
      ['of another format', unreadable, /format 1/],
      [
        'of a codec that nobody knows',
        async (offset: number) => withAttribute(await encodeBatch([{ offset }]), 5),
        /codec 5/,
      ],
      ['with a wrong number of records', withTooFewRecords, /Truncated.*checksum.*corrupt/],
    ])('%s hands out all before them, then waits and tries again, while others go on', async (_, bad, reason) => {
      const batches = [
        await encodeBatch([{ offset: 5 }, { offset: 6 }]),
        await bad(7),
        await encodeBatch([{ offset: 8 }]),
      ];
      fetching.add([0, 5], [1, 6]);
      await everythingDue();

      reply(fetching.pending.shift()!, answered(0, Buffer.concat(batches)), await partition(1, [6]));
      await everythingDue();
      if (fetching.logger.at('error').length === 0) {
        await fetching.answer('orders-0@7', answered(0, Buffer.concat(batches.slice(1))));
        await everythingDue();
      }

      expect(fetching.events).toEqual(['0: 5,6 next 7', '1: 6 next 7']);
      expect(fetching.logger.at('error')).toEqual([
        expect.stringMatching(/^Records of orders-0 from offset 7 cannot be decoded; the partition waits/),
      ]);
      expect(fetching.logger.at('error')[0]).toMatch(reason);
      fetching.pending.splice(0).forEach((fetch) => reply(fetch, atEnd(1)));
      await passes(4 * second);
      expect(fetching.pending.flatMap(({ asked }) => asked)).not.toContain('orders-0@7');
      await passes(second);
      expect(fetching.pending.flatMap(({ asked }) => asked)).toContain('orders-0@7');
      const mended = Buffer.concat([await encodeBatch([{ offset: 7 }]), batches[2]!]);
      await fetching.answer('orders-0@7', answered(0, mended));
      await everythingDue();
      expect(fetching.events.slice(2)).toEqual(['0: 7 next 8', '0: 8 next 9']);
    });

    it.each([undefined, 'out of order', new Error('out of order')])('by a codec that throws %s', async (thrown) => {
      const { CompressionCodecs, CompressionTypes } = kafkajs;
      const { Snappy } = CompressionTypes;
      const missing = CompressionCodecs[Snappy];
      CompressionCodecs[Snappy] = () => ({ decompress: () => fail(thrown) });
      fetching.add([0, 5]);

      reply(await fetching.next(), answered(0, withSnappy(await encodeBatch([{ offset: 5 }]))));
      await everythingDue();
      CompressionCodecs[Snappy] = missing;

      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      expect(fetching.logger.at('error')).toEqual([expect.stringMatching(`: ${reason}; the checksum of the batch`)]);
      await passes(5 * second);
      await fetching.answer('orders-0@5', await partition(0, [5]));
      await fetching.handedOut('0: 5 next 6');
    });

    it('says so once a minute', async () => {
      fetching.add([0, 5]);
      await everythingDue();

      for (let attempt = 0; attempt < 13; attempt++) {
        reply(fetching.pending.shift()!, answered(0, await unreadable(5)));
        await passes(5 * second);
      }

      expect(fetching.logger.at('error')).toHaveLength(2);
    });

    it('goes on at once where it is told to', async () => {
      fetching.add([0, 5]);
      reply(await fetching.next(), answered(0, await unreadable(5)));
      await until(() => fetching.logger.at('error').length > 0, 'an error to be logged');

      fetching.seek(0, 6);
      await passes(10);

      expect((await fetching.next()).asked).toEqual(['orders-0@6']);
    });
  });

  describe('with checksums that are to be verified', () => {
    beforeEach(() => {
      fetching = new Fetching({ checkCrcs: true });
    });

    it('hands out what is as it was written', async () => {
      fetching.add([0, 5]);

      await fetching.answer('orders-0@5', await partition(0, [5], [6]));

      await fetching.handedOut('0: 5 next 6', '0: 6 next 7');
    });

    it('hands out nothing that is not', async () => {
      const value = Buffer.from('value');
      const bytes = Buffer.concat([
        await encodeBatch([{ offset: 5, value }]),
        await encodeBatch([{ offset: 6, value }]),
      ]);
      bytes[bytes.length - 3]! ^= 1;
      fetching.add([0, 5]);

      await fetching.answer('orders-0@5', answered(0, bytes));

      await until(() => fetching.logger.at('error').length > 0, 'an error to be logged');
      expect(fetching.events).toEqual(['0: 5 next 6']);
      expect(fetching.logger.at('error')).toEqual([
        'Records of orders-0 from offset 6 cannot be decoded; the partition waits and is tried again, others go on: ' +
          'the checksum of the batch does not match: it is corrupt',
      ]);
    });
  });

  describe('whose position is out of range', () => {
    const outOfRange = failing(0, ErrorCode.OffsetOutOfRange);

    it.each([
      ['below the beginning', 9, 'warn', 'orders-0 has no offset 5 any more (retention); going on at its beginning, 9'],
      [
        'above the end',
        2,
        'error',
        'orders-0 has no offset 5 (topic truncated or recreated?); going on at its beginning, 2',
      ],
    ] as const)('%s goes on at the beginning, and says so', async (_, first, level, line) => {
      fetching.beginning = Promise.resolve(first);
      fetching.end = Promise.resolve(first === 9 ? 20 : 3);
      fetching.add([0, 5]);

      reply(await fetching.next(), outOfRange);
      await passes(10);

      expect((await fetching.next()).asked).toEqual([`orders-0@${first}`]);
      expect(fetching.events).toEqual([`0: repositioned to ${first}`]);
      expect(fetching.position(0)).toBe(first);
      expect(fetching.logger.at(level)).toEqual([line]);
    });

    it('hands out what was fetched before, and moves then', async () => {
      fetching.beginning = Promise.resolve(20);
      fetching.end = Promise.resolve(30);
      fetching.onRecords = () => fetching.pause(0);
      fetching.add([0, 5]);
      reply(await fetching.next(), await partition(0, [5], [6]));
      const prefetch = await fetching.next();
      await fetching.handedOut('0: 5 next 6');
      fetching.resume(0);
      reply(prefetch, outOfRange);
      await fetching.handedOut('0: 5 next 6', '0: 6 next 7');
      fetching.resume(0);
      await passes(second);

      reply(await fetching.next(), outOfRange);

      expect((await fetching.next()).asked).toEqual(['orders-0@20']);
      expect(fetching.events).toEqual(['0: 5 next 6', '0: 6 next 7', '0: repositioned to 20']);
    });

    it('stays where it is when it is in range after all: a replica is behind', async () => {
      fetching.add([0, 5]);

      reply(await fetching.next(), outOfRange);
      await passes(second);

      expect((await fetching.next()).asked).toEqual(['orders-0@5']);
      expect(fetching.events).toEqual([]);
    });

    it.each<[string, () => void]>([
      ['given up', () => fetching.remove(0)],
      ['moved', () => fetching.seek(0, 6)],
      ['stopped', () => fetching.fetcher.stop()],
    ])('does not move a partition that was %s in the meantime', async (_, change) => {
      const listed = deferred<number>();
      fetching.beginning = listed.promise;
      fetching.add([0, 5]);
      reply(await fetching.next(), outOfRange);
      await everythingDue();

      change();
      listed.resolve(9);
      await everythingDue();

      expect(fetching.events).toEqual([]);
    });

    it('tries again when the log cannot be looked up', async () => {
      fetching.add([0, 5]);
      const fetch = await fetching.next();
      let failures = 0;
      fetching.metadata = () => (failures++ < 1 ? Promise.reject(new Error('no broker')) : Promise.resolve());

      reply(fetch, outOfRange);
      await passes(second);

      expect((await fetching.next()).asked).toEqual(['orders-0@5']);
      expect(fetching.logger.at('warn')).toEqual(['Looking up the log of orders-0 failed, trying again: no broker']);
    });
  });
});

function withSnappy(batch: Buffer): Buffer {
  return withAttribute(batch, 2);
}

async function withTooFewRecords(offset: number): Promise<Buffer> {
  const batch = await encodeBatch([{ offset }]);
  batch.writeInt32BE(2, 57);
  return batch;
}

function fail(thrown: unknown): never {
  throw thrown;
}
