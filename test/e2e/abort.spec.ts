import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { type HandlerContext, type KafkaOptions, type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication, untilAssigned } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { committedOffset, createTopic, produce, uniqueName } from '../support/kafka.js';

/** A handler that ends when it is aborted, by an error like any other, under a policy that skips at the first error. */
function abortable(topic: string, started: string[]) {
  class Abortable {
    @MessageHandler(topic, { retry: { maxAttempts: 1 }, onExhausted: 'skip' })
    async handle({ offset }: Message, { signal }: HandlerContext): Promise<void> {
      started.push(offset);
      await delay(60_000, undefined, { signal });
    }
  }
  return Abortable;
}

describe('a handler that is aborted', () => {
  it('by a shutdown has not failed: its record is neither skipped nor committed', async () => {
    const topic = await createTopic(uniqueName('abort'));
    const group = uniqueName('group');
    const logger = new LogRecorder();
    const started: string[] = [];
    await produce(topic, ['0', '1']);
    const app = await startApplication({ group, shutdownTimeoutMs: 2_000 }, [abortable(topic, started)], logger);
    await eventually(() => started.length === 1);

    await app.close();

    expect(await committedOffset(group, topic)).toBe('0');
    expect(logger.find('error', 'skipping')).toEqual([]);
  });

  it('by a rebalance has not failed either', async () => {
    const topic = await createTopic(uniqueName('abort'));
    const group = uniqueName('group');
    const started: string[] = [];
    await produce(topic, ['0']);
    const options: Partial<KafkaOptions> = { group, shutdownTimeoutMs: 1_000, assignors: ['roundrobin'] };
    const app = await startApplication(options, [abortable(topic, started)]);
    await eventually(() => started.length === 1);
    const other = await startApplication(options, [abortable(topic, started)]);

    await eventually(() => started.length === 2); // delivered again, to whoever has the partition now
    await Promise.all([app.close(), other.close()]);

    expect(await committedOffset(group, topic)).toBe('0');
  });
});

describe('the handlers of a partition', () => {
  it('never run in parallel in a process, even when one outlasts the loss of its partition', async () => {
    const topic = await createTopic(uniqueName('parallel'));
    const group = uniqueName('group');
    let running = 0;
    let most = 0;
    let calls = 0;
    class Deaf {
      @MessageHandler(topic)
      async handle(): Promise<void> {
        calls++;
        most = Math.max(most, ++running);
        await delay(4_000);
        running--;
      }
    }
    await produce(topic, ['0', '1']);
    const timing = { sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 6_000 };
    const options: Partial<KafkaOptions> = { group, ...timing, assignors: ['roundrobin'] };
    const app = await startApplication(options, [Deaf]);
    await eventually(() => calls === 1);
    const other = await startApplication(options, [class Other extends Deaf {}]);
    await untilAssigned(other);
    await eventually(() => calls >= 3, { timeoutMs: 30_000 });
    await Promise.all([app.close(), other.close()]);

    expect(most).toBeLessThanOrEqual(2); // one in each application of this process
  });
});

describe('a rebalance during a shutdown', () => {
  it('leaves running handlers the grace of the shutdown', async () => {
    const topic = await createTopic(uniqueName('grace'));
    const group = uniqueName('group');
    const calls: string[] = [];
    const handlers = (name: string) => {
      class Slow {
        @MessageHandler(topic)
        async handle({ offset }: Message, { signal }: HandlerContext): Promise<void> {
          calls.push(`${name}${offset}`);
          if (name === 'a') await delay(7_000, undefined, { signal });
        }
      }
      return Slow;
    };
    await produce(topic, ['0']);
    const app = await startApplication({ group, sessionTimeoutMs: 12_000 }, [handlers('a')]);
    await eventually(() => calls.length === 1);

    const closed = app.close();
    const other = await startApplication({ group, sessionTimeoutMs: 12_000 }, [handlers('b')]);
    await closed;
    await untilAssigned(other, 1);
    await produce(topic, ['1']);
    await eventually(() => calls.length === 2);
    await other.close();

    expect(calls).toEqual(['a0', 'b1']);
  });
});
