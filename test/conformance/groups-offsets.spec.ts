import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from './support/eventually.js';
import { GroupBench } from './support/group-bench.js';
import { createClient, createTopic, unique } from './support/target.js';
import { ask } from './support/wire-cluster.js';

let bench: GroupBench;

beforeAll(async () => {
  bench = await GroupBench.open();
});

afterAll(() => bench.close());

const NONE = 0;
const UNKNOWN_TOPIC_OR_PARTITION = 3;
const OFFSET_METADATA_TOO_LARGE = 12;
const ILLEGAL_GENERATION = 22;
const UNKNOWN_MEMBER_ID = 25;

type Partitions = { partition: number; offset: number; metadata: string | null }[];

interface Commit {
  groupId: string;
  generationId?: number;
  memberId?: string;
  topics: { topic: string; partitions: Partitions }[];
}

/** Commits, from outside of the group unless it is said otherwise, and gives every error code in the answer. */
async function commit({ groupId, generationId = -1, memberId = '', topics }: Commit) {
  const coordinator = await bench.wire.coordinator(groupId);
  const answer = await ask(coordinator, 'OffsetCommit', { groupId, generationId, memberId, topics });
  return answer.topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, errorCode }) => [topic, partition, errorCode]),
  );
}

async function fetchOffsets(groupId: string, topics: { topic: string; partitions: number[] }[] | null) {
  return ask(await bench.wire.coordinator(groupId), 'OffsetFetch', { groupId, topics, requireStable: false });
}

describe('offsets', () => {
  test('are kept with their metadata', async () => {
    const topic = await createTopic(bench.target);
    const one = await (await bench.member(unique('group'))).settle();
    expect(await one.commit(topic, 42, 'note')).toBe('NONE');
    const expected = [
      { topic, partitions: [{ partition: 0, offset: 42, leaderEpoch: -1, metadata: 'note', errorCode: 0 }] },
    ];
    expect((await fetchOffsets(one.groupId, [{ topic, partitions: [0] }])).topics).toEqual(expected);
    expect((await fetchOffsets(one.groupId, null)).topics).toEqual(expected);
  });

  test.each([[null], ['']])('with the metadata %p have none: it comes back empty', async (metadata) => {
    const topic = await createTopic(bench.target);
    const groupId = unique('group');
    await commit({ groupId, topics: [{ topic, partitions: [{ partition: 0, offset: 1, metadata }] }] });
    const { topics } = await fetchOffsets(groupId, [{ topic, partitions: [0] }]);
    expect(topics[0]?.partitions).toMatchObject([{ partition: 0, offset: 1, metadata: '', errorCode: 0 }]);
  });

  test('that were never committed are -1, also where there is no such partition, topic or group', async () => {
    const topic = await createTopic(bench.target);
    const nowhere = unique('no-such-topic');
    const groupId = unique('group');
    const asked = [
      { topic, partitions: [0, 7] },
      { topic: nowhere, partitions: [0] },
    ];
    const nothing = {
      throttleTimeMs: 0,
      errorCode: 0,
      topics: asked.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((partition) => ({
          partition,
          offset: -1,
          leaderEpoch: -1,
          metadata: '',
          errorCode: 0,
        })),
      })),
    };
    expect(await fetchOffsets(groupId, asked)).toEqual(nothing);
    await (await bench.member(groupId)).settle();
    expect(await fetchOffsets(groupId, asked)).toEqual(nothing);
    expect(await fetchOffsets(groupId, null)).toEqual({ throttleTimeMs: 0, errorCode: 0, topics: [] });
    expect(await fetchOffsets(groupId, [])).toEqual({ throttleTimeMs: 0, errorCode: 0, topics: [] });
  });

  test('are taken from outside while the group is empty, and only then', async () => {
    const topic = await createTopic(bench.target);
    const outsider = await bench.member(unique('group'));
    expect(await outsider.commit(topic, 1)).toBe('NONE');
    const one = await (await bench.member(outsider.groupId)).settle();
    expect(await outsider.commit(topic, 2)).toBe('UNKNOWN_MEMBER_ID');
    await one.leave();
    expect(await outsider.commit(topic, 3)).toBe('NONE');
  });

  test('are refused from another generation, from none, and from a stranger', async () => {
    const topic = await createTopic(bench.target);
    const one = await (await bench.member(unique('group'))).settle();
    one.generationId = 2;
    expect(await one.commit(topic, 1)).toBe('ILLEGAL_GENERATION');
    one.generationId = -1;
    expect(await one.commit(topic, 1)).toBe('ILLEGAL_GENERATION');
    one.generationId = 1;
    one.memberId = 'stranger';
    expect(await one.commit(topic, 1)).toBe('UNKNOWN_MEMBER_ID');
    one.memberId = '';
    expect(await one.commit(topic, 1)).toBe('UNKNOWN_MEMBER_ID');
  });

  test('are refused from a generation of a group that there is not', async () => {
    const topic = await createTopic(bench.target);
    const partitions = [{ partition: 0, offset: 1, metadata: null }];
    const stale = { groupId: unique('group'), memberId: 'stranger', topics: [{ topic, partitions }] };
    expect(await commit({ ...stale, generationId: 1 })).toEqual([[topic, 0, ILLEGAL_GENERATION]]);
    expect(await commit({ ...stale, generationId: -1 })).toEqual([[topic, 0, NONE]]);
  });

  test('outlive the members, the rebalances, and are gone with their topic', async () => {
    const topic = await createTopic(bench.target);
    const one = await (await bench.member(unique('group'))).settle();
    await one.commit(topic, 42);
    await one.leave();
    const offset = async () => {
      const { topics } = await fetchOffsets(one.groupId, [{ topic, partitions: [0] }]);
      return topics[0]?.partitions[0]?.offset;
    };
    expect(await offset()).toBe(42);
    const admin = createClient(bench.target).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
    await eventually(async () => expect(await offset()).toBe(-1));
  });
});

describe('of a commit for several partitions', () => {
  const at = (partition: number, metadata: string | null = null) => ({ partition, offset: 5, metadata });

  test('those that cannot be are refused one by one', async () => {
    const topic = await createTopic(bench.target, { partitions: 2 });
    const nowhere = unique('no-such-topic');
    const groupId = unique('group');
    const results = await commit({
      groupId,
      topics: [
        { topic: nowhere, partitions: [at(0)] },
        { topic, partitions: [at(0), at(7), at(1, 'x'.repeat(4097))] },
      ],
    });
    expect(results.sort()).toEqual(
      [
        [nowhere, 0, UNKNOWN_TOPIC_OR_PARTITION],
        [topic, 0, NONE],
        [topic, 1, OFFSET_METADATA_TOO_LARGE],
        [topic, 7, UNKNOWN_TOPIC_OR_PARTITION],
      ].sort(),
    );
    expect(await fetchOffsets(groupId, null)).toMatchObject({
      topics: [{ topic, partitions: [{ partition: 0, offset: 5 }] }],
    });
  });

  test('unknown topics are told also to those who may not commit', async () => {
    const topic = await createTopic(bench.target);
    const nowhere = unique('no-such-topic');
    const one = await (await bench.member(unique('group'))).settle();
    const results = await commit({
      groupId: one.groupId,
      memberId: 'stranger',
      generationId: 1,
      topics: [
        { topic: nowhere, partitions: [at(0)] },
        { topic, partitions: [at(0), at(7)] },
      ],
    });
    expect(results.sort()).toEqual(
      [
        [nowhere, 0, UNKNOWN_TOPIC_OR_PARTITION],
        [topic, 0, UNKNOWN_MEMBER_ID],
        [topic, 7, UNKNOWN_TOPIC_OR_PARTITION],
      ].sort(),
    );
  });

  test('metadata may be of 4096 characters, however many bytes these are', async () => {
    const topic = await createTopic(bench.target, { partitions: 2 });
    const groupId = unique('group');
    const partitions = [at(0, 'ö'.repeat(4096)), at(1, 'ö'.repeat(4097))];
    expect(await commit({ groupId, topics: [{ topic, partitions }] })).toEqual([
      [topic, 0, NONE],
      [topic, 1, OFFSET_METADATA_TOO_LARGE],
    ]);
  });
});
