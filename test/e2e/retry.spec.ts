import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import {
  type HandlerContext,
  type Message,
  MessageHandler,
  NonRetriableError,
  SkipMessageError,
} from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { committedOffset, createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

const quickly = { initialDelayMs: 50, maxDelayMs: 50, jitter: 'none' } as const;

describe('a handler that fails', () => {
  let app: INestApplicationContext | undefined;
  afterEach(async () => app?.close());

  it('is called again with the same record while the records behind it wait', async () => {
    const topic = await createTopic(uniqueName('retry'));
    const group = uniqueName('group');
    const logger = new LogRecorder();
    const calls: string[] = [];
    class Flaky {
      @MessageHandler(topic, { retry: quickly })
      handle({ offset }: Message, { attempt }: HandlerContext): void {
        calls.push(`${offset}#${attempt}`);
        if (offset === '1' && attempt <= 3) throw new Error(`no luck the ${attempt}. time`);
      }
    }
    await produce(topic, ['0', '1', '2', '3']);
    app = await startApplication({ group }, [Flaky], logger);

    await untilCommitted(group, topic, '4');

    expect(calls).toEqual(['0#1', '1#1', '1#2', '1#3', '1#4', '2#1', '3#1']);
    expect(logger.find('error', `Flaky.handle failed on ${topic}-0@1, attempt 1; trying again in 50 ms`)).toHaveLength(
      1,
    );
    expect(logger.find('warn', 'attempt 3; trying again in 50 ms: Error: no luck the 3. time')).toHaveLength(1);
  });

  it('holds its partition only, and no later success commits past it', async () => {
    const topic = await createTopic(uniqueName('hold'), 2);
    const group = uniqueName('group');
    const handled: string[] = [];
    let attempts = 0;
    class Poisoned {
      @MessageHandler(topic, { retry: quickly })
      handle({ payload }: Message<string>): void {
        if (payload === 'poison') {
          attempts++;
          throw new Error('poison');
        }
        handled.push(payload);
      }
    }
    await produce(topic, [
      { value: '"before"', partition: 0 },
      { value: '"poison"', partition: 0 },
      { value: '"behind"', partition: 0 },
      ...Array.from({ length: 5 }, (_, i) => ({ value: `"other ${i}"`, partition: 1 })),
    ]);
    app = await startApplication({ group }, [Poisoned]);

    await untilCommitted(group, topic, '5', 1);
    await eventually(() => attempts >= 5);

    expect(await committedOffset(group, topic, 0)).toBe('1');
    expect(handled).not.toContain('behind');
    await app.close();
    expect(await committedOffset(group, topic, 0)).toBe('1');
  });

  it('skips what it says to skip, and what has no attempts left with onExhausted: skip', async () => {
    const topic = await createTopic(uniqueName('skip'));
    const group = uniqueName('group');
    const logger = new LogRecorder();
    const calls: string[] = [];
    class Choosy {
      @MessageHandler(topic, { retry: { ...quickly, maxAttempts: 2 }, onExhausted: 'skip' })
      handle({ payload }: Message<string>, { attempt }: HandlerContext): void {
        calls.push(`${payload}#${attempt}`);
        if (payload === 'skip') throw new SkipMessageError('not for us');
        if (payload === 'hopeless') throw new NonRetriableError('never');
        if (payload === 'failing') throw new Error('again');
      }
    }
    await produce(topic, ['"skip"', '"hopeless"', 'no JSON', '"failing"', '"good"']);
    app = await startApplication({ group }, [Choosy], logger);

    await untilCommitted(group, topic, '5');

    expect(calls).toEqual(['skip#1', 'hopeless#1', 'failing#1', 'failing#2', 'good#1']);
    expect(logger.find('error', `@2 (7 bytes) is not JSON`)).toHaveLength(1);
    expect(logger.find('error', 'skipping the record (onExhausted: skip)')).toHaveLength(3);
  });

  it('stops the consumer with onExhausted: stop, and leaves the record uncommitted', async () => {
    const topic = await createTopic(uniqueName('stop'));
    const group = uniqueName('group');
    const logger = new LogRecorder();
    class Fatal {
      @MessageHandler(topic, { retry: { ...quickly, maxAttempts: 1 }, onExhausted: 'stop' })
      handle({ offset }: Message): void {
        if (offset === '1') throw new Error('fatal');
      }
    }
    await produce(topic, ['0', '1', '2']);
    app = await startApplication({ group }, [Fatal], logger);

    await eventually(() => logger.find('log', `Left group "${group}"`).length === 1);

    expect(await committedOffset(group, topic)).toBe('1');
  });
});
