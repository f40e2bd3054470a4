import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apis } from '../../lib/testing/embedded/protocol/apis.js';
import { Reader } from '../../lib/testing/embedded/protocol/reader.js';
import { eventually } from './support/eventually.js';
import { createTopic, openTarget, type Target, unique } from './support/target.js';
import { ask, errorIn, WireCluster } from './support/wire-cluster.js';

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

async function createsTopics(): Promise<boolean> {
  const name = 'auto.create.topics.enable';
  const { brokers } = await wire.any.request('Metadata', { topics: [], allowAutoTopicCreation: false });
  const resource = { type: 4, name: String(brokers[0]?.nodeId), configNames: [name] };
  const answer = await ask(wire.broker(brokers[0]?.nodeId as number), 'DescribeConfigs', {
    resources: [resource],
    includeSynonyms: false,
  });
  return answer.resources[0]?.configs.find((config) => config.name === name)?.value === 'true';
}

describe('a Metadata request', () => {
  test('names brokers, leaders and replicas', async () => {
    const topic = await createTopic(target, { partitions: 3 });
    const answer = await wire.any.request('Metadata', { topics: [topic], allowAutoTopicCreation: false });
    const ids = answer.brokers.map(({ nodeId }) => nodeId);
    const partitions = answer.topics[0]?.partitions ?? [];
    expect(partitions.map(({ partition }) => partition).sort()).toEqual([0, 1, 2]);
    for (const { leader, replicas, isr } of partitions) {
      expect(ids).toContain(leader);
      expect(replicas).toEqual(expect.arrayContaining(isr));
    }
    expect(ids).toContain(answer.controllerId);
  });

  test('for all topics names those there are', async () => {
    const topic = await createTopic(target);
    const answer = await wire.any.request('Metadata', { topics: null, allowAutoTopicCreation: false });
    expect(answer.topics.map((one) => one.topic)).toContain(topic);
  });

  test('creates a topic when it may, on brokers that do so', async () => {
    const topic = unique('created-by-asking');
    const expected = (await createsTopics()) ? 'NONE' : 'UNKNOWN_TOPIC_OR_PARTITION';
    await eventually(async () => {
      const answer = await wire.any.request('Metadata', { topics: [topic], allowAutoTopicCreation: true });
      expect(errorIn(answer)).toBe(expected);
    });
  });

  test('creates none when it may not', async () => {
    const topic = unique('not-created');
    const answer = await wire.any.request('Metadata', { topics: [topic], allowAutoTopicCreation: false });
    expect(answer.topics).toMatchObject([{ topic, partitions: [] }]);
    expect(errorIn(answer)).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  });

  test('for a name that no topic can have is refused', async () => {
    const answer = await wire.any.request('Metadata', { topics: ['not/legal'], allowAutoTopicCreation: true });
    expect(errorIn(answer)).toBe('INVALID_TOPIC_EXCEPTION');
  });
});

describe('an ApiVersions request', () => {
  test('names every API and version that is used here', async () => {
    const answer = await wire.any.request('ApiVersions', {});
    for (const { key, minVersion, maxVersion } of Object.values(apis)) {
      const served = answer.apis.find((one) => one.key === key);
      expect(served?.minVersion).toBeLessThanOrEqual(minVersion);
      expect(served?.maxVersion).toBeGreaterThanOrEqual(maxVersion);
    }
  });

  test('of a version nobody knows is answered in version 0, with an error', async () => {
    const answer = await wire.any.send('ApiVersions', 99, (to) => to.int8(0));
    const { errorCode, apis: served } = apis.ApiVersions.response.read(new Reader(answer, 0));
    expect(errorCode).toBe(35);
    expect(served.map(({ key }) => key)).toContain(18);
  });
});
