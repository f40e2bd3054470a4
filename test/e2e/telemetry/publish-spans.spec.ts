import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext, type Provider } from '@nestjs/common';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AlwaysOffSampler, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { type HandlerContext, type Message, MessageHandler, Producer } from '@things-kit/nestjs-kafka';
import { startApplication } from '../../support/application.js';
import { createTopic, produce, recordsOf, uniqueName } from '../../support/kafka.js';
import { CollectedSpans } from '../../support/telemetry.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

describe('the span of a message that is published', () => {
  let topic: string;
  let results: string;
  let spans: CollectedSpans;
  let app: INestApplicationContext;
  beforeEach(async () => {
    spans = CollectedSpans.start();
    topic = await createTopic(uniqueName('orders'));
    results = await createTopic(uniqueName('results'));
  });
  afterEach(async () => {
    await app.close();
    spans.stop();
  });

  async function start(...providers: Provider[]): Promise<Producer> {
    app = await startApplication({ group: uniqueName('group'), autoStart: providers.length > 0 }, providers);
    return app.get(Producer);
  }

  async function toldIn(destination: string, count = 1): Promise<string[]> {
    return (await recordsOf(destination, count)).map(({ headers }) => String(headers?.traceparent));
  }

  function told(span: ReadableSpan | undefined): string {
    return `00-${span!.spanContext().traceId}-${span!.spanContext().spanId}-01`;
  }

  it('has the attributes of the conventions, a child of what is active, and is told to consumers', async () => {
    const producer = await start();
    const active = trace.getTracer('test').startSpan('request');

    await context.with(trace.setSpan(context.active(), active), () =>
      producer.publish({ topic, key: 'customer-1', value: null, headers: { own: 'header' } }),
    );

    const [span] = spans.named(`send ${topic}`);
    expect(span!.kind).toBe(SpanKind.PRODUCER);
    expect(span!.parentSpanContext?.spanId).toBe(active.spanContext().spanId);
    expect(span!.attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': '0',
      'messaging.kafka.offset': 0,
      'messaging.kafka.message.key': 'customer-1',
      'messaging.kafka.message.tombstone': true,
    });
    const [record] = await recordsOf(topic, 1);
    expect(Object.keys(record!.headers!).sort()).toEqual(['own', 'traceparent']);
    expect(String(record!.headers!.traceparent)).toBe(told(span));
  });

  it('is one for each message of a batch', async () => {
    const producer = await start();

    await producer.publishBatch([
      { topic, value: '1' },
      { topic, value: '2' },
    ]);

    expect(await toldIn(topic, 2)).toEqual(spans.named(`send ${topic}`).map(told));
  });

  it('ends as an error where it could not be stored', async () => {
    const producer = await start();

    await expect(producer.publish({ topic, value: '1', partition: 99 })).rejects.toThrow();

    const [span] = spans.named(`send ${topic}`);
    expect(span!.status.code).toBe(SpanStatusCode.ERROR);
    expect(span!.attributes).toHaveProperty(['error.type']);
  });

  it('is linked to what the message tells of already, and changes nothing of that', async () => {
    const producer = await start();

    await producer.publish({ topic, value: '1', headers: { traceparent } });

    const [span] = spans.named(`send ${topic}`);
    expect(span!.links.map((link) => link.context.traceId)).toEqual([traceId]);
    expect(await toldIn(topic)).toEqual([traceparent]);
  });

  it('is below that of the message that a handler publishes for', async () => {
    @Injectable()
    class Orders {
      @MessageHandler(topic, { publishTo: results })
      created({ payload }: Message): unknown {
        return payload;
      }
    }
    await produce(topic, [{ value: '{}', headers: { traceparent } }]);
    await start(Orders);

    expect(await toldIn(results)).toEqual(spans.named(`send ${results}`).map(told));
    const [processed] = await spans.ended(`process ${topic}`);
    const [sent] = spans.named(`send ${results}`);
    expect(sent!.parentSpanContext?.spanId).toBe(processed!.spanContext().spanId);
    expect(sent!.spanContext().traceId).toBe(traceId);
  });

  it('is called create where a transaction stores it later', async () => {
    @Injectable()
    class Orders {
      @MessageHandler(topic, { transactional: true })
      async created(message: Message, context: HandlerContext): Promise<void> {
        await context.publish({ topic: results, value: message.payload });
      }
    }
    await produce(topic, [{ value: '{}', headers: { traceparent } }]);
    await start(Orders);

    expect(await toldIn(results)).toEqual(spans.named(`create ${results}`).map(told));
    const [created] = spans.named(`create ${results}`);
    expect(created!.spanContext().traceId).toBe(traceId);
    expect(created!.attributes).toMatchObject({
      'messaging.operation.name': 'create',
      'messaging.operation.type': 'create',
    });
  });

  it('is told to consumers also if it is not sampled', async () => {
    spans.stop();
    spans = CollectedSpans.start(new AlwaysOffSampler());
    const producer = await start();

    await producer.publish({ topic, value: '1' });

    expect(await toldIn(topic)).toEqual([expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)]);
  });
});
