import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { type HandlerContext, type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication, untilAssigned } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { committedOffset, createTopic, produce, uniqueName } from '../support/kafka.js';

describe('closing the application', () => {
  it('waits for a handler of two seconds and commits its record, but starts no other', async () => {
    const topic = await createTopic(uniqueName('close'));
    const group = uniqueName('group');
    const events: string[] = [];
    class Slow {
      @MessageHandler(topic)
      async handle({ offset }: Message): Promise<void> {
        events.push(`started ${offset}`);
        await delay(2_000);
        events.push(`done ${offset}`);
      }
    }
    await produce(topic, ['0', '1']);
    const app = await startApplication({ group }, [Slow]);
    await eventually(() => events.length === 1);

    await app.close();

    expect(events).toEqual(['started 0', 'done 0']);
    expect(await committedOffset(group, topic)).toBe('1');
  });

  it('aborts a handler that outlasts the shutdown timeout, and leaves its record for the next run', async () => {
    const topic = await createTopic(uniqueName('abort'));
    const group = uniqueName('group');
    const logger = new LogRecorder();
    const aborted: unknown[] = [];
    let running = false;
    class Endless {
      @MessageHandler(topic)
      async handle(_message: Message, { signal }: HandlerContext): Promise<void> {
        running = true;
        await new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            aborted.push(signal.reason);
            reject(signal.reason as Error);
          }),
        );
      }
    }
    await produce(topic, ['0']);
    const app = await startApplication({ group, shutdownTimeoutMs: 1_000 }, [Endless], logger);
    await eventually(() => running);

    const start = Date.now();
    await app.close();

    expect(Date.now() - start).toBeLessThan(2_000);
    expect(aborted).toEqual([new Error('The time for running handlers to finish is over')]);
    expect(
      logger.find('warn', `A handler of ${topic}-0, offset 0 or later, is still running after 500 ms`),
    ).toHaveLength(1);
    expect(await committedOffset(group, topic)).toBe('0');
  });

  it('cuts the wait before another attempt short', async () => {
    const topic = await createTopic(uniqueName('cut'));
    const group = uniqueName('group');
    let attempts = 0;
    class Failing {
      @MessageHandler(topic, { retry: { initialDelayMs: 60_000, maxDelayMs: 60_000, jitter: 'none' } })
      handle(): void {
        attempts++;
        throw new Error('later');
      }
    }
    await produce(topic, ['0']);
    const app = await startApplication({ group }, [Failing]);
    await eventually(() => attempts === 1);

    const start = Date.now();
    await app.close();

    expect(Date.now() - start).toBeLessThan(3_000);
    expect(attempts).toBe(1);
    expect(await committedOffset(group, topic)).toBe('0');
  });

  it('is quick when there is nothing to do', async () => {
    const topic = await createTopic(uniqueName('idle'));
    class Idle {
      @MessageHandler(topic)
      handle(): void {}
    }
    const app = await startApplication({ group: uniqueName('group'), fetch: { maxWaitMs: 5_000 } }, [Idle]);
    await untilAssigned(app, 1);

    const start = Date.now();
    await app.close();

    expect(Date.now() - start).toBeLessThan(1_000);
  });
});
