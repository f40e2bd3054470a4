import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { type Message, MessageHandler, SkipMessageError } from '@things-kit/nestjs-kafka';
import { startApplication } from '../../support/application.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../../support/kafka.js';
import { CollectedMetrics } from '../../support/telemetry.js';

class OutOfStockError extends Error {}

const buckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

describe('the metrics of processing', () => {
  const topic = uniqueName('orders');
  const group = uniqueName('group');
  const place = { 'messaging.system': 'kafka', 'messaging.consumer.group.name': group };
  const process = { ...place, 'messaging.destination.name': topic, 'messaging.operation.name': 'process' };
  let collected: CollectedMetrics;
  let app: INestApplicationContext;
  beforeEach(() => {
    collected = CollectedMetrics.start();
  });
  afterEach(async () => {
    await app.close();
    collected.stop();
  });

  it('count and time each attempt, by what it ended with', async () => {
    @Injectable()
    class Orders {
      private failures = 0;

      @MessageHandler(topic, { retry: { maxAttempts: 2, initialDelayMs: 1 }, deadLetter: true })
      created({ payload }: Message): void {
        if (payload === 'skip') throw new SkipMessageError('not ours');
        if (payload === 'fail') throw new OutOfStockError('none left');
        if (payload === 'once' && this.failures++ === 0) throw new TypeError('not yet');
      }
    }
    await createTopic(topic);
    await produce(topic, ['"ok"', '"once"', '"fail"', '"skip"', '"ok"']);
    app = await startApplication({ group }, [Orders]);
    await untilCommitted(group, topic, '5');

    const durations = await collected.histograms('messaging.process.duration');

    expect(durations.map(([{ count }, attributes]) => [count, attributes])).toEqual(
      expect.arrayContaining([
        [3, process],
        [1, { ...process, 'error.type': 'TypeError' }],
        [2, { ...process, 'error.type': 'OutOfStockError' }],
        [1, { ...process, 'error.type': 'SkipMessageError' }],
      ]),
    );
    expect(durations).toHaveLength(4);
    expect(durations[0]![0].buckets.boundaries).toEqual(buckets);
    expect((await collected.collect()).get('messaging.process.duration')!.descriptor.unit).toBe('s');
    expect(await collected.numbers('messaging.client.consumed.messages')).toEqual([
      [5, { ...process, 'messaging.destination.partition.id': '0' }],
    ]);
    const failed = { ...place, 'messaging.destination.name': topic };
    expect(await collected.numbers('kafka.consumer.dead_letters')).toEqual([
      [1, { ...failed, 'error.type': 'OutOfStockError' }],
    ]);
    expect(await collected.numbers('kafka.consumer.skips')).toEqual([[1, failed]]);
    expect(await collected.numbers('kafka.consumer.retries')).toEqual([
      [1, { ...failed, 'error.type': 'TypeError', 'kafka.consumer.retry.kind': 'lane' }],
      [1, { ...failed, 'error.type': 'OutOfStockError', 'kafka.consumer.retry.kind': 'lane' }],
    ]);
    expect(await collected.numbers('messaging.client.sent.messages')).toEqual([
      [
        1,
        {
          'messaging.system': 'kafka',
          'messaging.destination.name': `${topic}.dlq`,
          'messaging.operation.name': 'send',
        },
      ],
    ]);
  });
});
