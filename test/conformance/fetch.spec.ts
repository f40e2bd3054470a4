import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RequestOf } from '../../lib/testing/embedded/protocol/apis.js';
import { parseBatch } from '../../lib/testing/embedded/log/record-batch.js';
import { decodeRecords } from '../../lib/testing/embedded/log/records.js';
import { batchOf, fetchRequest, produceRequest } from './support/records.js';
import { createTopic, openTarget, type Target } from './support/target.js';
import { type WireClient } from './support/wire-client.js';
import { errorIn, WireCluster } from './support/wire-cluster.js';

let target: Target;
let wire: WireCluster;

beforeAll(async () => {
  target = await openTarget();
  wire = await WireCluster.open(target);
});

afterAll(async () => {
  wire.close();
  await target.stop();
});

async function produce(topic: string, ...values: string[]): Promise<void> {
  const answer = await (await wire.leader(topic)).request('Produce', produceRequest(topic, batchOf(values)));
  expect(errorIn(answer)).toBe('NONE');
}

async function fetchOne(client: WireClient, request: RequestOf<'Fetch'>) {
  const answer = await client.request('Fetch', request);
  const partition = answer.topics[0]?.partitions[0];
  if (!partition) throw new Error('expected an answer for the partition');
  return { ...partition, error: errorIn(answer), bytes: Buffer.concat(partition.records) };
}

describe('a Fetch request', () => {
  test('gives the batch that holds an offset, and where the log ends', async () => {
    const topic = await createTopic(target);
    await produce(topic, 'a', 'b');
    const fetched = await fetchOne(await wire.leader(topic), fetchRequest(topic, 1));
    expect(fetched).toMatchObject({ error: 'NONE', highWatermark: 2, lastStableOffset: 2, logStartOffset: 0 });
    expect(decodeRecords(parseBatch(fetched.bytes)).map(({ offset, value }) => [offset, String(value)])).toEqual([
      [0, 'a'],
      [1, 'b'],
    ]);
  });

  test('waits for records to come', async () => {
    const topic = await createTopic(target);
    const leader = await wire.leader(topic);
    const writer = await wire.another(leader);
    const fetching = fetchOne(leader, fetchRequest(topic, 0, { maxWaitMs: 20_000 }));
    await writer.request('Produce', produceRequest(topic, batchOf(['late'])));
    expect((await fetching).bytes.length).toBeGreaterThan(0);
  });

  test('waits no longer than it says', async () => {
    const topic = await createTopic(target);
    const leader = await wire.leader(topic);
    await produce(topic, 'a');
    const begin = performance.now();
    const fetched = await fetchOne(leader, fetchRequest(topic, 0, { maxWaitMs: 200, minBytes: 1_000_000 }));
    expect(performance.now() - begin).toBeGreaterThan(190);
    expect(fetched.bytes.length).toBeGreaterThan(0);
  });

  test('gives a first batch that is longer than it wants', async () => {
    const topic = await createTopic(target);
    await produce(topic, 'x'.repeat(5000));
    const fetched = await fetchOne(await wire.leader(topic), fetchRequest(topic, 0, { maxBytes: 100 }));
    expect(fetched.bytes.length).toBeGreaterThan(5000);
  });

  test.each([-1, 3])('out of range, at offset %i, is refused', async (offset) => {
    const topic = await createTopic(target);
    await produce(topic, 'a', 'b');
    const fetched = await fetchOne(await wire.leader(topic), fetchRequest(topic, offset));
    expect(fetched).toMatchObject({ error: 'OFFSET_OUT_OF_RANGE' });
  });

  test('for an unknown topic or partition is refused', async () => {
    const topic = await createTopic(target);
    const leader = await wire.leader(topic);
    expect(await fetchOne(leader, fetchRequest('no-such-topic', 0))).toMatchObject({
      error: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
    expect(await fetchOne(leader, fetchRequest(topic, 0, { partition: 5 }))).toMatchObject({
      error: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
  });

  test('at a broker that has no replica is refused', async () => {
    // One that has a replica may answer: consumers can read from followers (KIP-392).
    const topic = await createTopic(target, { replicationFactor: 1 });
    for (const other of wire.others(await wire.leader(topic))) {
      expect(await fetchOne(other, fetchRequest(topic, 0))).toMatchObject({
        error: expect.stringMatching(/^(NOT_LEADER_FOR_PARTITION|UNKNOWN_TOPIC_OR_PARTITION)$/),
      });
    }
  });
});

describe('a ListOffsets request', () => {
  const EARLIEST = -2;
  const LATEST = -1;

  async function offsetAt(topic: string, timestamp: number, partition = 0) {
    const topics = [{ topic, partitions: [{ partition, timestamp }] }];
    const answer = await (
      await wire.leader(topic)
    ).request('ListOffsets', { replicaId: -1, isolationLevel: 0, topics });
    return { error: errorIn(answer), offset: answer.topics[0]?.partitions[0]?.offset };
  }

  test('finds the ends of a partition', async () => {
    const topic = await createTopic(target);
    await produce(topic, 'a', 'b');
    expect(await offsetAt(topic, EARLIEST)).toEqual({ error: 'NONE', offset: 0 });
    expect(await offsetAt(topic, LATEST)).toEqual({ error: 'NONE', offset: 2 });
  });

  test('finds the first record of a time or later', async () => {
    const topic = await createTopic(target);
    const before = Date.now();
    await produce(topic, 'a', 'b');
    await produce(topic, 'c');
    expect(await offsetAt(topic, before)).toEqual({ error: 'NONE', offset: 0 });
    expect(await offsetAt(topic, Date.now() + 60_000)).toEqual({ error: 'NONE', offset: -1 });
  });

  test('for an unknown partition is refused', async () => {
    const topic = await createTopic(target);
    expect(await offsetAt(topic, LATEST, 0)).toMatchObject({ error: 'NONE' });
    const leader = await wire.leader(topic);
    const topics = [{ topic, partitions: [{ partition: 9, timestamp: LATEST }] }];
    const answer = await leader.request('ListOffsets', { replicaId: -1, isolationLevel: 0, topics });
    expect(errorIn(answer)).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  });
});
