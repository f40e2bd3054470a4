import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { startApplication } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { committedOffset, createTopic, produce, uniqueName } from '../support/kafka.js';

describe.each([{ autoCommit: true }, { autoCommit: false }])('a restart with %j', (options) => {
  let app: INestApplicationContext | undefined;
  afterEach(async () => app?.close());

  it('goes on where the last run ended: nothing is lost, nothing is repeated', async () => {
    const topic = await createTopic(uniqueName('restart'), 3);
    const group = uniqueName('group');
    const seen: number[] = [];
    class Numbers {
      @MessageHandler(topic)
      handle({ payload }: Message<number>): void {
        seen.push(payload);
      }
    }
    const publish = (from: number, to: number): Promise<void> =>
      produce(
        topic,
        Array.from({ length: to - from }, (_, i) => ({ value: String(from + i), partition: (from + i) % 3 })),
      );

    await publish(0, 60);
    app = await startApplication({ group, ...options }, [Numbers]);
    await eventually(() => seen.length >= 20);
    await app.close();
    const inFirstRun = seen.length;
    await publish(60, 90);
    app = await startApplication({ group, ...options }, [Numbers]);
    await eventually(() => seen.length >= 90);
    await app.close();

    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 90 }, (_, i) => i));
    expect(inFirstRun).toBeLessThanOrEqual(60);
    expect(await committedOffset(group, topic, 0)).toBe('30');
  });
});

describe('autoCommit: false', () => {
  it('has committed a record before the next one of its partition is handled', async () => {
    const topic = await createTopic(uniqueName('per-record'));
    const group = uniqueName('group');
    const committed: unknown[] = [];
    class Numbers {
      @MessageHandler(topic)
      async handle({ offset }: Message<number>): Promise<void> {
        committed.push([offset, await committedOffset(group, topic)]);
      }
    }
    await produce(topic, ['0', '1', '2']);
    const app = await startApplication({ group, autoCommit: false, commitIntervalMs: 60_000 }, [Numbers]);
    try {
      await eventually(() =>
        expect(committed).toEqual([
          ['0', '0'],
          ['1', '1'],
          ['2', '2'],
        ]),
      );
    } finally {
      await app.close();
    }
  });
});
