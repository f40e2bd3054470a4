import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { BatchError, BatchHandler, type Message } from '@things-kit/nestjs-kafka';
import { startApplication } from '../../support/application.js';
import { createTopic, produce, uniqueName } from '../../support/kafka.js';
import { CollectedSpans } from '../../support/telemetry.js';

const traceIds = ['0af7651916cd43dd8448eb211c80319c', '1af7651916cd43dd8448eb211c80319c'];
const traceparent = (traceId: string): string => `00-${traceId}-b7ad6b7169203331-01`;

describe('the span of a batch', () => {
  let topic: string;
  let group: string;
  let spans: CollectedSpans;
  let app: INestApplicationContext;
  beforeEach(async () => {
    spans = CollectedSpans.start();
    topic = await createTopic(uniqueName('stock'));
    group = uniqueName('group');
  });
  afterEach(async () => {
    await app.close();
    spans.stop();
  });

  async function start(handle: (messages: Message[]) => void): Promise<void> {
    @Injectable()
    class Stock {
      @BatchHandler(topic, { maxSize: 3, maxWaitMs: 5_000, retry: { maxAttempts: 1 }, deadLetter: true })
      update(messages: Message[]): void {
        handle(messages);
      }
    }
    const traced = traceIds.map((id, at) => ({
      key: `k${at}`,
      value: `${at}`,
      headers: { traceparent: traceparent(id) },
    }));
    await produce(topic, [...traced, '2']);
    app = await startApplication({ group }, [Stock]);
  }

  it('is one for all, linked to those of their producers', async () => {
    await start(() => undefined);

    const [span] = await spans.ended(`process ${topic}`);

    expect(span!.kind).toBe(SpanKind.CONSUMER);
    expect(span!.parentSpanContext).toBeUndefined();
    expect(span!.attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': '0',
      'messaging.consumer.group.name': group,
      'messaging.batch.message_count': 3,
    });
    expect(span!.links.map(({ context, attributes }) => [context.traceId, attributes])).toEqual([
      [traceIds[0], { 'messaging.kafka.offset': 0, 'messaging.kafka.message.key': 'k0' }],
      [traceIds[1], { 'messaging.kafka.offset': 1, 'messaging.kafka.message.key': 'k1' }],
    ]);
  });

  it('ends as an error where some have failed, and these have spans of their own in their producers’ traces', async () => {
    await start((messages) => {
      throw new BatchError([{ message: messages[1]!, error: new RangeError('no') }]);
    });

    const [batch, single] = await spans.ended(`process ${topic}`, 2);

    expect(batch!.attributes['messaging.batch.message_count']).toBe(3);
    expect(batch!.status.code).toBe(SpanStatusCode.ERROR);
    expect(single!.spanContext().traceId).toBe(traceIds[1]);
    expect(single!.attributes).toMatchObject({ 'messaging.kafka.offset': 1, 'error.type': 'RangeError' });
  });

  it('ends where its messages go on one by one', async () => {
    await start((messages) => {
      if (messages.length > 1) throw new RangeError('not together');
    });

    const [batch, ...singles] = await spans.ended(`process ${topic}`, 4);

    expect(batch!.attributes['error.type']).toBe('RangeError');
    expect(singles.map(({ attributes }) => attributes['messaging.kafka.offset'])).toEqual([0, 1, 2]);
    expect(singles.map(({ status }) => status.code)).toEqual(Array(3).fill(SpanStatusCode.UNSET));
  });
});
