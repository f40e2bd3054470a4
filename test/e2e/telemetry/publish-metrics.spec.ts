import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { type HandlerContext, type Message, MessageHandler, Producer } from '@things-kit/nestjs-kafka';
import { startApplication } from '../../support/application.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../../support/kafka.js';
import { CollectedMetrics } from '../../support/telemetry.js';

describe('the metrics of publishing', () => {
  let topic: string;
  let collected: CollectedMetrics;
  let app: INestApplicationContext;
  let producer: Producer;
  beforeEach(async () => {
    collected = CollectedMetrics.start();
    topic = await createTopic(uniqueName('orders'));
    app = await startApplication({ autoStart: false }, []);
    producer = app.get(Producer);
  });
  afterEach(async () => {
    await app.close();
    collected.stop();
  });

  const sent = (destination: string) => ({
    'messaging.system': 'kafka',
    'messaging.destination.name': destination,
    'messaging.operation.name': 'send',
  });

  it('count messages, and time calls', async () => {
    await producer.publish({ topic, value: 'one' });
    await producer.publishBatch([
      { topic, value: 'two' },
      { topic, value: 'three' },
    ]);

    expect(await collected.numbers('messaging.client.sent.messages')).toEqual([[3, sent(topic)]]);
    const durations = await collected.histograms('messaging.client.operation.duration');
    expect(durations.map(([{ count }, attributes]) => [count, attributes])).toEqual([
      [2, { ...sent(topic), 'messaging.operation.type': 'send' }],
    ]);
  });

  it('tell apart what has failed', async () => {
    const results = await Promise.allSettled([
      producer.publishBatch([
        { topic, value: 'one' },
        { topic, value: 'nowhere', partition: 99 },
      ]),
      producer.publish({ topic, value: 'nowhere', partition: 99 }),
    ]);

    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const counts = await collected.numbers('messaging.client.sent.messages');
    expect(counts.find(([, attributes]) => !('error.type' in attributes))).toEqual([1, sent(topic)]);
    const failures = counts.filter(([, attributes]) => 'error.type' in attributes);
    expect(failures).toEqual([[2, { ...sent(topic), 'error.type': expect.any(String) }]]);
  });

  it('count what is stored in transactions, dead letters among it', async () => {
    const results = await createTopic(uniqueName('results'));
    const group = uniqueName('group');
    @Injectable()
    class Orders {
      @MessageHandler(topic, { transactional: true, retry: { maxAttempts: 1 }, deadLetter: true })
      async created({ payload }: Message, context: HandlerContext): Promise<void> {
        if (payload === 2) throw new RangeError('no');
        await context.publish({ topic: results, value: payload });
      }
    }
    await produce(topic, ['1', '2', '3']);
    await app.close();
    app = await startApplication({ group }, [Orders]);
    await untilCommitted(group, topic, '3');

    expect(await collected.numbers('messaging.client.sent.messages')).toEqual(
      expect.arrayContaining([
        [2, sent(results)],
        [1, sent(`${topic}.dlq`)],
      ]),
    );
  });

  it('do not count what was never sent', async () => {
    await expect(producer.publish({ topic, value: undefined })).rejects.toThrow();

    expect(await collected.numbers('messaging.client.sent.messages')).toEqual([]);
  });
});
