import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { type HandlerContext, HandlerTimeoutError, type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { startApplication } from '../support/application.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

describe('handlerTimeoutMs', () => {
  let app: INestApplicationContext | undefined;
  afterEach(async () => app?.close());

  it('aborts an attempt that takes longer; the next begins when that one has settled', async () => {
    const topic = await createTopic(uniqueName('timeout'));
    const group = uniqueName('group');
    const steps: string[] = [];
    class Orders {
      @MessageHandler(topic, { handlerTimeoutMs: 100, retry: { initialDelayMs: 1 } })
      async handle(_: Message, { attempt, signal }: HandlerContext): Promise<void> {
        steps.push(`begun ${attempt}`);
        if (attempt === 1) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          if (signal.reason instanceof HandlerTimeoutError) steps.push('timed out');
          await delay(200); // cleans up
        }
        steps.push(`ended ${attempt}`);
      }
    }
    await produce(topic, ['0']);
    app = await startApplication({ group }, [Orders]);
    await untilCommitted(group, topic, '1');

    expect(steps).toEqual(['begun 1', 'timed out', 'ended 1', 'begun 2', 'ended 2']);
  });
});
