import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { SpanStatusCode } from '@opentelemetry/api';
import { MessageHandler, type Message, type MessageHandlerOptions, SkipMessageError } from '@things-kit/nestjs-kafka';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { startApplication } from '../../support/application.js';
import { eventually } from '../../support/eventually.js';
import { createTopic, produce, recordsOf, uniqueName } from '../../support/kafka.js';
import { CollectedSpans } from '../../support/telemetry.js';

class OutOfStockError extends Error {}

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

describe('the span of a message that fails', () => {
  let topic: string;
  let group: string;
  let attempts = 0;
  let spans: CollectedSpans;
  let app: INestApplicationContext;
  beforeEach(async () => {
    spans = CollectedSpans.start();
    attempts = 0;
    topic = await createTopic(uniqueName('orders'));
    group = uniqueName('group');
  });
  afterEach(async () => {
    await app.close();
    spans.stop();
  });

  async function start(options: MessageHandlerOptions, handle: (attempt: number) => void): Promise<void> {
    @Injectable()
    class Orders {
      @MessageHandler(topic, { ...options, retry: { initialDelayMs: 1, ...options.retry } })
      created(_message: Message): void {
        handle(++attempts);
      }
    }
    await produce(topic, [{ value: '{}', headers: { traceparent } }]);
    app = await startApplication({ group }, [Orders]);
  }

  function fail(): never {
    throw new OutOfStockError('none left');
  }

  /** `name: what it tells` */
  function eventsOf({ events }: ReadableSpan): string[] {
    return events.map(({ name, attributes = {} }) => {
      const told = name === 'exception' ? 'exception.type' : 'kafka.consumer.retry.kind';
      return `${name}: ${String(attributes[told])}`;
    });
  }

  it('has its retries as events, and is no error if it succeeds at last', async () => {
    await start({}, (attempt) => {
      if (attempt < 3) fail();
    });

    const [span] = await spans.ended(`process ${topic}`);

    expect(eventsOf(span!)).toEqual([
      'exception: OutOfStockError',
      'retry: lane',
      'exception: OutOfStockError',
      'retry: lane',
    ]);
    expect(span!.events[1]!.attributes).toMatchObject({ 'kafka.consumer.retry.attempt': 1 });
    expect(span!.status.code).toBe(SpanStatusCode.UNSET);
    expect(spans.named(`process ${topic}`)).toHaveLength(1);
  });

  it('is an error if it becomes a dead letter, whose headers go on telling of the trace', async () => {
    await start({ retry: { maxAttempts: 1 }, deadLetter: true }, fail);

    const [span] = await spans.ended(`process ${topic}`);

    expect(span!.status).toEqual({ code: SpanStatusCode.ERROR, message: 'none left' });
    expect(span!.attributes['error.type']).toBe('OutOfStockError');
    expect(eventsOf(span!)).toEqual(['exception: OutOfStockError']);
    const [letter] = await recordsOf(`${topic}.dlq`, 1);
    expect(String(letter!.headers?.traceparent)).toBe(traceparent);
  });

  it('is an error if a policy skips it', async () => {
    await start({ retry: { maxAttempts: 1 }, onExhausted: 'skip' }, fail);

    const [span] = await spans.ended(`process ${topic}`);

    expect(span!.status.code).toBe(SpanStatusCode.ERROR);
  });

  it('is no error if its handler asks for it to be skipped', async () => {
    await start({}, () => {
      throw new SkipMessageError('not ours');
    });

    const [span] = await spans.ended(`process ${topic}`);

    expect(span!.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('is followed in the same trace by that of its attempt from a retry topic', async () => {
    await start({ retry: { maxAttempts: 1 }, retryTopics: ['1s'] }, (attempt) => {
      if (attempt === 1) fail();
    });

    const [first, second] = await spans.ended(`process ${topic}`, 2);

    expect(eventsOf(first!)).toEqual(['exception: OutOfStockError', 'retry: topic']);
    expect(eventsOf(second!)).toEqual([]);
    expect([first, second].map((span) => span!.spanContext().traceId)).toEqual([traceId, traceId]);
  });

  it('ends as an error if the partition is given up between two attempts', async () => {
    await start({ retry: { initialDelayMs: 60_000 } }, fail);
    await eventually(() => attempts === 1);

    await app.close();

    const [span] = spans.named(`process ${topic}`);
    expect(span!.status).toEqual({
      code: SpanStatusCode.ERROR,
      message: 'abandoned: the partition was given up or lost',
    });
    expect(eventsOf(span!)).toEqual(['exception: OutOfStockError', 'retry: lane']);
  });
});
