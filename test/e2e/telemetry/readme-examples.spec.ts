import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { type Message, MessageHandler, Producer } from '@things-kit/nestjs-kafka';
import { freePorts } from '../../../lib/testing/apache/free-ports.js';
import { Metrics, MetricsModule } from '../../readme/metrics-observer.js';
import { startTracing } from '../../readme/tracing.js';
import { startApplication } from '../../support/application.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../../support/kafka.js';

describe('the README’s example of', () => {
  let topic: string;
  let group: string;
  let app: INestApplicationContext | undefined;
  beforeEach(async () => {
    topic = await createTopic(uniqueName('orders'));
    group = uniqueName('group');
  });
  afterEach(async () => {
    await app?.close();
  });

  function failingOnce() {
    let failures = 0;
    @Injectable()
    class Orders {
      @MessageHandler(topic, { retry: { initialDelayMs: 1 } })
      created(_message: Message): void {
        if (failures++ === 0) throw new RangeError('not yet');
      }
    }
    return Orders;
  }

  it('an observer is told of each attempt', async () => {
    await produce(topic, ['1']);
    app = await startApplication({ group }, [failingOnce()], undefined, [MetricsModule]);
    await untilCommitted(group, topic, '1');

    expect(app.get(Metrics, { strict: false }).processed).toEqual([
      { topic, durationMs: expect.any(Number), error: new RangeError('not yet') },
      { topic, durationMs: expect.any(Number), error: undefined },
    ]);
  });

  it('metrics serves them to Prometheus', async () => {
    const [port] = await freePorts(1);
    process.env.METRICS_PORT = String(port);
    const { meterProvider } = await import('../../readme/metrics.js');
    try {
      await produce(topic, ['1']);
      app = await startApplication({ group }, [failingOnce()]);
      await untilCommitted(group, topic, '1');

      const text = await (await fetch(`http://localhost:${port}/metrics`)).text();

      const lines = text.split('\n').filter((line) => line.includes(topic));
      const of = `messaging_consumer_group_name="${group}"`;
      expect(lines).toEqual(
        expect.arrayContaining([
          expect.stringMatching(new RegExp(`^messaging_process_duration(_seconds)?_bucket{.*${of}.*le="0.005".*} 1$`)),
          expect.stringMatching(new RegExp(`^messaging_client_consumed_messages_total{.*${of}.*} 1$`)),
          expect.stringMatching(new RegExp(`^kafka_consumer_lag{.*${of}.*} 0$`)),
          expect.stringMatching(new RegExp(`^kafka_consumer_retries_total{.*error_type="RangeError".*} 1$`)),
        ]),
      );
      expect(text).toContain('# TYPE messaging_process_duration');
    } finally {
      await meterProvider.shutdown();
    }
  });

  it('tracing follows a message from its producer to its handler', async () => {
    const exporter = new InMemorySpanExporter();
    const provider = startTracing(exporter);
    try {
      app = await startApplication({ group }, [failingOnce()]);
      await app.get(Producer).publish({ topic, value: '1' });
      await untilCommitted(group, topic, '1');
      await provider.forceFlush();

      const spans = exporter.getFinishedSpans();
      expect(spans.map(({ name }) => name)).toEqual([`send ${topic}`, `process ${topic}`]);
      expect(spans[1]!.parentSpanContext?.spanId).toBe(spans[0]!.spanContext().spanId);
    } finally {
      await provider.shutdown();
    }
  });
});
