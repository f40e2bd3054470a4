import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { GroupSettings } from '../../../../../lib/engine/client/client-settings.js';
import type { Cluster } from '../../../../../lib/engine/client/connection/cluster.js';
import type { FetchedPartition } from '../../../../../lib/engine/client/fetch/fetch-response.js';
import { Fetcher } from '../../../../../lib/engine/client/fetch/fetcher.js';
import { ErrorCode } from '../../../../../lib/engine/client/connection/protocol-errors.js';
import { everythingDue, soon } from '../../../../support/consuming-application.js';
import { deferred, type Deferred } from '../../../../support/deferred.js';
import { encodeBatch } from '../../../../support/record-batches.js';
import { RecordingLogger } from '../../../../support/recording-logger.js';

const notLeader = 6;

/** A fetch that waits for its answer. */
interface PendingFetch {
  node: number;

  /** `orders-0@5` for each partition. */
  asked: string[];
  answer: Deferred<{ partitions: FetchedPartition[] }>;
}

describe('Fetcher', () => {
  /** Leaders of the partitions of topic `orders`. */
  let leaders: number[];
  let beginning: Promise<number>;
  let pending: PendingFetch[];
  let events: string[];
  let logger: RecordingLogger;
  let fetcher: Fetcher;

  beforeEach(() => {
    leaders = [1, 1, 2];
    beginning = Promise.resolve(0);
    pending = [];
    events = [];
    logger = new RecordingLogger();
    const listener = {
      records: ({ partition }: { partition: number }, records: readonly { offset: number }[], next: number) =>
        void events.push(`${partition}: ${records.map(({ offset }) => offset).join()} next ${next}`),
      repositioned: ({ partition, offset }: { partition: number; offset: number }) =>
        void events.push(`${partition}: repositioned to ${offset}`),
      vanished: (topic: string) => void events.push(`${topic} vanished`),
    };
    fetcher = new Fetcher(fakeCluster(), settings, listener, logger);
  });

  afterEach(() => {
    fetcher.stop();
    pending.forEach(({ answer }) => answer.resolve({ partitions: [] }));
  });

  it('asks each leader for its partitions, at their positions', async () => {
    await start([0, 5], [1, 6], [2, 7]);

    expect((await fetchOf(1)).asked).toEqual(['orders-0@5', 'orders-1@6']);
    expect((await fetchOf(2)).asked).toEqual(['orders-2@7']);
  });

  it('hands out what came, and goes on behind it', async () => {
    await start([0, 5]);

    (await fetchOf(1)).answer.resolve({ partitions: [await partition(0, 5, 6)] });

    expect((await fetchOf(1)).asked).toEqual(['orders-0@7']);
    expect(events).toEqual(['0: 5,6 next 7']);
  });

  it('asks again at the same position when nothing came, and tells nobody', async () => {
    await start([0, 5]);

    (await fetchOf(1)).answer.resolve({ partitions: [await partition(0)] });

    expect((await fetchOf(1)).asked).toEqual(['orders-0@5']);
    expect(events).toEqual([]);
  });

  it('leaves out a paused partition, and asks for it where it stood once it is resumed', async () => {
    await start([0, 5], [1, 6]);
    const fetch = await fetchOf(1);
    fetcher.pause({ topic: 'orders', partition: 0 });
    fetch.answer.resolve({ partitions: [await partition(0, 5), await partition(1, 6)] });

    const next = await fetchOf(1);
    expect(next.asked).toEqual(['orders-1@7']);
    expect(events).toEqual(['1: 6 next 7']);

    fetcher.resume({ topic: 'orders', partition: 0 });
    next.answer.resolve({ partitions: [] });
    expect((await fetchOf(1)).asked).toEqual(['orders-0@5', 'orders-1@7']);
  });

  it('wakes up when its only partition is resumed', async () => {
    await start([0, 5]);
    const fetch = await fetchOf(1);
    fetcher.pause({ topic: 'orders', partition: 0 });
    fetch.answer.resolve({ partitions: [] });
    await everythingDue();
    expect(pending).toEqual([]);

    fetcher.resume({ topic: 'orders', partition: 0 });

    expect((await fetchOf(1)).asked).toEqual(['orders-0@5']);
  });

  it('follows a partition to its new leader, and says why', async () => {
    await start([0, 5]);
    leaders = [3, 1, 2];

    (await fetchOf(1)).answer.resolve({ partitions: [{ ...(await partition(0)), errorCode: notLeader }] });

    expect((await fetchOf(3)).asked).toEqual(['orders-0@5']);
    expect(logger.at('warn')).toEqual([expect.stringMatching(/^Fetching orders-0 failed, trying again: /)]);
  });

  it('waits for a partition that has no leader, while others go on', async () => {
    leaders = [-1, 1, 2];
    await start([0, 5], [1, 6]);
    expect((await fetchOf(1)).asked).toEqual(['orders-1@6']);

    leaders = [2, 1, 2];

    expect((await fetchOf(2)).asked).toEqual(['orders-0@5']);
  });

  it('moves to the replica that the leader prefers for it', async () => {
    await start([0, 5]);

    (await fetchOf(1)).answer.resolve({ partitions: [{ ...(await partition(0)), preferredReadReplica: 4 }] });

    expect((await fetchOf(4)).asked).toEqual(['orders-0@5']);
  });

  it('tries again after a request that failed', async () => {
    await start([0, 5]);

    (await fetchOf(1)).answer.reject(new Error('connection lost'));

    expect((await fetchOf(1)).asked).toEqual(['orders-0@5']);
    expect(logger.at('warn')).toEqual(['Fetching from broker 1 failed, trying again: connection lost']);
  });

  it('lets a partition wait that cannot be decoded, and goes on with the others', async () => {
    await start([0, 5], [1, 6]);
    const corrupt = await partition(0, 5);
    corrupt.bytes.writeInt8(1, 16);

    (await fetchOf(1)).answer.resolve({ partitions: [corrupt, await partition(1, 6)] });

    expect((await fetchOf(1)).asked).toEqual(['orders-1@7']);
    expect(events).toEqual(['1: 6 next 7']);
    expect(logger.at('error')).toEqual([
      expect.stringMatching(/^Records of orders-0 from offset 5 cannot be decoded.*format 1/),
    ]);
  });

  describe('whose position is out of range', () => {
    const outOfRange = async () => ({ ...(await partition(0)), errorCode: ErrorCode.OffsetOutOfRange });

    it.each([
      ['below the beginning', 9, 'warn', 'orders-0 has no offset 5 any more (retention); going on at its beginning, 9'],
      [
        'above the end',
        2,
        'error',
        'orders-0 has no offset 5 (topic truncated or recreated?); going on at its beginning, 2',
      ],
    ] as const)('%s goes on at the beginning, and says so', async (_, first, level, line) => {
      beginning = Promise.resolve(first);
      await start([0, 5]);

      (await fetchOf(1)).answer.resolve({ partitions: [await outOfRange()] });

      expect((await fetchOf(1)).asked).toEqual([`orders-0@${first}`]);
      expect(events).toEqual([`0: repositioned to ${first}`]);
      expect(logger.at(level)).toEqual([line]);
    });

    it('does not move a partition that was given up in the meantime', async () => {
      const answered = deferred<number>();
      beginning = answered.promise;
      await start([0, 5]);
      (await fetchOf(1)).answer.resolve({ partitions: [await outOfRange()] });
      await everythingDue();

      fetcher.stop();
      answered.resolve(9);
      await everythingDue();

      expect(events).toEqual([]);
    });
  });

  it('hands out nothing once stopped, and asks no more', async () => {
    await start([0, 5]);
    const fetch = await fetchOf(1);

    fetcher.stop();
    fetch.answer.resolve({ partitions: [await partition(0, 5)] });
    await everythingDue();

    expect(events).toEqual([]);
    expect(pending).toEqual([]);
    expect(logger.lines).toEqual([]);
  });

  it('is quiet about a request that fails because it was stopped', async () => {
    await start([0, 5]);
    const fetch = await fetchOf(1);

    fetcher.stop();
    fetch.answer.reject(new Error('closed'));
    await everythingDue();

    expect(logger.lines).toEqual([]);
  });

  function start(...positions: [partition: number, offset: number][]): Promise<void> {
    return fetcher.start(positions.map(([partition, offset]) => ({ topic: 'orders', partition, offset })));
  }

  /** Takes the next fetch that is sent to a broker. */
  async function fetchOf(node: number): Promise<PendingFetch> {
    await soon(() => pending.some((fetch) => fetch.node === node), `a fetch from broker ${node}`);
    const fetch = pending.find((waiting) => waiting.node === node)!;
    pending.splice(pending.indexOf(fetch), 1);
    return fetch;
  }

  function fakeCluster(): Cluster {
    const metadata = async () => [
      { topic: 'orders', partitionMetadata: leaders.map((leader, partitionId) => ({ partitionId, leader })) },
    ];
    const request = async (node: number, api: string, args: FetchArguments) =>
      api === 'ListOffsets' ? offsetsListed(await beginning) : fetchSent(node, args);
    return { metadata, request } as unknown as Cluster;
  }

  function fetchSent(node: number, { topics }: FetchArguments): Promise<{ partitions: FetchedPartition[] }> {
    const asked = topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, fetchOffset }) => `${topic}-${partition}@${fetchOffset}`),
    );
    const answer = deferred<{ partitions: FetchedPartition[] }>();
    pending.push({ node, asked, answer });
    return answer.promise;
  }
});

interface FetchArguments {
  topics: { topic: string; partitions: { partition: number; fetchOffset: string }[] }[];
}

const settings: GroupSettings = {
  group: 'billing',
  topics: ['orders'],
  startFromBeginning: false,
  sessionTimeoutMs: 30_000,
  heartbeatIntervalMs: 3000,
  rebalanceTimeoutMs: 60_000,
  requestTimeoutMs: 30_000,
  rackId: undefined,
  fetch: { minBytes: 1, maxBytes: 1000, maxBytesPerPartition: 100, maxWaitMs: 500 },
};

const offsetsListed = (offset: number) => ({
  responses: [{ topic: 'orders', partitions: [{ partition: 0, errorCode: 0, offset: String(offset) }] }],
});

/** What a broker returns for a partition, with records at these offsets. */
async function partition(number: number, ...offsets: number[]): Promise<FetchedPartition> {
  return {
    topic: 'orders',
    partition: number,
    errorCode: ErrorCode.None,
    highWatermark: 100,
    lastStableOffset: 100,
    abortedTransactions: [],
    preferredReadReplica: -1,
    bytes: offsets.length > 0 ? await encodeBatch(offsets.map((offset) => ({ offset }))) : Buffer.alloc(0),
  };
}
