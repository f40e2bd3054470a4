import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { MessageHandler } from '@things-kit/nestjs-kafka';
import { startApplication } from '../../support/application.js';
import { createTopic, produce, uniqueName, type TestMessage } from '../../support/kafka.js';
import { CollectedSpans } from '../../support/telemetry.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const producerSpan = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${producerSpan}-01`;

describe('the span of a message', () => {
  let topic: string;
  let group: string;
  let spans: CollectedSpans;
  let app: INestApplicationContext;
  beforeEach(async () => {
    spans = CollectedSpans.start();
    topic = await createTopic(uniqueName('orders'));
    group = uniqueName('group');
  });
  afterEach(async () => {
    await app.close();
    spans.stop();
  });

  async function spanOf(message: TestMessage) {
    @Injectable()
    class Orders {
      @MessageHandler(topic)
      created(): void {}
    }
    await produce(topic, [message]);
    app = await startApplication({ group }, [Orders]);
    const [span] = await spans.ended(`process ${topic}`);
    return span!;
  }

  it('has the attributes of the conventions', async () => {
    const span = await spanOf({ key: 'customer-1', value: '{}' });

    expect(span.kind).toBe(SpanKind.CONSUMER);
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(span.instrumentationScope.name).toBe('@things-kit/nestjs-kafka');
    expect(span.attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': '0',
      'messaging.consumer.group.name': group,
      'messaging.kafka.offset': 0,
      'messaging.kafka.message.key': 'customer-1',
    });
  });

  it('tells of a tombstone, and of no key that is not text', async () => {
    const { attributes } = await spanOf({ key: Buffer.from([0xff, 0xfe]), value: null });

    expect(attributes).toMatchObject({ 'messaging.kafka.message.tombstone': true });
    expect(attributes).not.toHaveProperty('messaging.kafka.message.key');
  });

  it('is a child of the span that its producer tells of', async () => {
    const span = await spanOf({ value: '{}', headers: { traceparent, tracestate: 'vendor=1' } });

    expect(span.spanContext().traceId).toBe(traceId);
    expect(span.parentSpanContext?.spanId).toBe(producerSpan);
    expect(span.spanContext().traceState?.get('vendor')).toBe('1');
  });

  it('begins a trace where its producer tells of none, or of nothing that can be read', async () => {
    const span = await spanOf({ value: '{}', headers: { traceparent: 'nonsense' } });

    expect(span.parentSpanContext).toBeUndefined();
  });
});
