import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { requests } from '../../../../../lib/engine/client/connection/kafkajs-internals.js';
import {
  encodeFetchRequest,
  fetchDefinition,
  type FetchRequest,
} from '../../../../../lib/engine/client/fetch/fetch-request.js';

describe('encodeFetchRequest', () => {
  it('writes what kafkajs writes', async () => {
    await fc.assert(
      fc.asyncProperty(anyRequest, async (request) => {
        expect(encodeFetchRequest(request)).toEqual(await encodedByKafkajs(request));
      }),
    );
  });

  it('writes neighbours of one topic under one heading, and keeps the order', async () => {
    const asked = (topic: string, partition: number) => ({ partition: { topic, partition }, offset: 1, maxBytes: 1 });
    const partitions = [asked('a', 2), asked('a', 1), asked('b', 0), asked('a', 0)];
    const request = { maxWaitMs: 0, minBytes: 1, maxBytes: 1, rackId: undefined, partitions };

    expect(encodeFetchRequest(request)).toEqual(await encodedByKafkajs(request));
  });
});

describe('fetchDefinition', () => {
  it('is one that kafkajs can send', async () => {
    const request = { maxWaitMs: 0, minBytes: 1, maxBytes: 1, rackId: undefined, partitions: [] };

    const definition = fetchDefinition(request, 1234) as unknown as {
      request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<Record<string, Buffer>> };
    };

    expect(definition).toMatchObject({
      requestTimeout: 1234,
      request: { apiKey: 1, apiVersion: 11, apiName: 'Fetch' },
    });
    const { buf, buffer } = await definition.request.encode();
    expect(Buffer.isBuffer(buf)).toBe(true); // kafkajs takes nothing else for an encoder
    expect(buffer).toEqual(encodeFetchRequest(request));
  });
});

const int32 = fc.nat(2 ** 31 - 1);
const asked = fc.record({
  partition: fc.record({ topic: fc.constantFrom('orders', 'payments', 'größe'), partition: int32 }),
  offset: fc.nat(Number.MAX_SAFE_INTEGER),
  maxBytes: int32,
});
const anyRequest: fc.Arbitrary<FetchRequest> = fc.record({
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: int32,
  rackId: fc.option(fc.string({ maxLength: 20 }), { nil: undefined }),
  partitions: fc.array(asked),
});

/** kafkajs encodes the topics as they come; neighbours of one topic have to be grouped for it. */
async function encodedByKafkajs(request: FetchRequest): Promise<Buffer> {
  const topics: { topic: string; partitions: object[] }[] = [];
  for (const { partition, offset, maxBytes } of request.partitions) {
    if (topics.at(-1)?.topic !== partition.topic) topics.push({ topic: partition.topic, partitions: [] });
    topics.at(-1)!.partitions.push({ partition: partition.partition, fetchOffset: String(offset), maxBytes });
  }
  const { maxWaitMs: maxWaitTime, minBytes, maxBytes, rackId } = request;
  const { protocol } = requests.Fetch as { protocol(version: object): (args: object) => { request: Encodable } };
  const args = { maxWaitTime, minBytes, maxBytes, rackId, topics };
  return (await protocol({ version: 11 })(args).request.encode()).buffer;
}

interface Encodable {
  encode(): Promise<{ buffer: Buffer }>;
}
