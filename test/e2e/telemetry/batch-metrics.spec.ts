import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { BatchError, BatchHandler, type Message } from '@things-kit/nestjs-kafka';
import { startApplication } from '../../support/application.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../../support/kafka.js';
import { CollectedMetrics } from '../../support/telemetry.js';

describe('the metrics of batches', () => {
  let collected: CollectedMetrics;
  let app: INestApplicationContext;
  beforeEach(() => {
    collected = CollectedMetrics.start();
  });
  afterEach(async () => {
    await app.close();
    collected.stop();
  });

  async function start(handle: (messages: Message[]) => void): Promise<string> {
    const topic = await createTopic(uniqueName('stock'));
    @Injectable()
    class Stock {
      @BatchHandler(topic, {
        maxSize: 3,
        maxWaitMs: 5_000,
        retry: { maxAttempts: 2, initialDelayMs: 1 },
        deadLetter: true,
      })
      update(messages: Message[]): void {
        handle(messages);
      }
    }
    await produce(topic, ['1', '2', '3']);
    const group = uniqueName('group');
    app = await startApplication({ group }, [Stock]);
    await untilCommitted(group, topic, '3');
    return topic;
  }

  /** How often attempts were timed, by what they failed with. */
  async function attempts(): Promise<Record<string, number>> {
    const durations = await collected.histograms('messaging.process.duration');
    return Object.fromEntries(
      durations.map(([{ count }, attributes]) => [String(attributes['error.type'] ?? 'none'), count]),
    );
  }

  it('time a batch once, and count its messages', async () => {
    await start(() => undefined);

    expect(await attempts()).toEqual({ none: 1 });
    expect((await collected.numbers('messaging.client.consumed.messages')).map(([count]) => count)).toEqual([3]);
  });

  it('time a batch of which some have failed once, and these for every further attempt', async () => {
    await start((messages) => {
      const failed = messages.filter(({ payload }) => payload !== 2);
      if (failed.length > 0) throw new BatchError(failed.map((message) => ({ message, error: new RangeError('no') })));
    });

    expect(await attempts()).toEqual({ BatchError: 1, RangeError: 2 });
    expect((await collected.numbers('messaging.client.consumed.messages')).map(([count]) => count)).toEqual([3]);
    expect((await collected.numbers('kafka.consumer.dead_letters')).map(([count]) => count)).toEqual([2]);
  });

  it('time a batch that is split for each attempt', async () => {
    await start((messages) => {
      if (messages.length > 1) throw new RangeError('not together');
    });

    expect(await attempts()).toEqual({ RangeError: 2, none: 3 });
  });
});
