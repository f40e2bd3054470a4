import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { KafkaConsumerService, type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication, untilAssigned } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { client, createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

describe('subscribed topics', () => {
  let app: INestApplicationContext | undefined;
  afterEach(async () => app?.close());

  it('without a handler are skipped with one warning, counted and committed', async () => {
    const handled = await createTopic(uniqueName('handled'));
    const unhandled = await createTopic(uniqueName('unhandled'));
    const group = uniqueName('group');
    const logger = new LogRecorder();
    const seen: unknown[] = [];
    class Some {
      @MessageHandler(handled)
      handle({ payload }: Message): void {
        seen.push(payload);
      }
    }
    await produce(unhandled, ['1', '2', '3']);
    await produce(handled, ['4']);
    app = await startApplication({ group, topics: [handled, unhandled] }, [Some], logger);

    await untilCommitted(group, unhandled, '3');
    await untilCommitted(group, handled, '1');

    expect(seen).toEqual([4]);
    expect(logger.find('warn', `No handler takes topic "${unhandled}": its records are skipped`)).toHaveLength(1);
    expect(logger.find('warn', `The option topics lists "${unhandled}", which no handler takes`)).toHaveLength(1);
    expect(app.get(KafkaConsumerService).status()).toMatchObject({ handled: 1, skipped: 3 });
  });

  it('that do not exist yet are named and waited for, and disturb no other', async () => {
    const present = await createTopic(uniqueName('present'));
    const missing = uniqueName('missing');
    const logger = new LogRecorder();
    const seen: unknown[] = [];
    class Both {
      @MessageHandler([present, missing])
      handle({ payload }: Message): void {
        seen.push(payload);
      }
    }
    app = await startApplication({ group: uniqueName('group') }, [Both], logger);
    await produce(present, ['1']);
    await eventually(() => expect(seen).toEqual([1]));
    expect(logger.find('warn', `Topic "${missing}" does not exist`)).toHaveLength(1);

    await createTopic(missing);
    await produce(missing, ['2']);

    await eventually(() => expect(seen).toEqual([1, 2]), { timeoutMs: 30_000 });
  });

  it('that were deleted leave the others alone', async () => {
    const kept = await createTopic(uniqueName('kept'));
    const deleted = await createTopic(uniqueName('deleted'));
    const seen: unknown[] = [];
    class Both {
      @MessageHandler([kept, deleted])
      handle({ payload }: Message): void {
        seen.push(payload);
      }
    }
    app = await startApplication({ group: uniqueName('group') }, [Both]);
    await untilAssigned(app, 2);

    const admin = client().admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [deleted] });
    await admin.disconnect();
    await produce(kept, ['1', '2']);

    await eventually(() => expect(seen).toEqual([1, 2]), { timeoutMs: 30_000 });
  });

  it('of a RegExp are read, but neither dead letters nor retries', async () => {
    const prefix = uniqueName('event');
    const seen: unknown[] = [];
    class Every {
      @MessageHandler(new RegExp(`^${prefix}\\.`, 'g'))
      handle({ topic, payload }: Message): void {
        seen.push([topic, payload]);
      }
    }
    for (const suffix of ['a', 'b', 'a.dlq', 'a.retry.group.10s']) {
      await createTopic(`${prefix}.${suffix}`);
      await produce(`${prefix}.${suffix}`, [`"${suffix}"`]);
    }
    app = await startApplication({ group: uniqueName('group') }, [Every]);
    await untilAssigned(app, 2);

    await eventually(() =>
      expect(seen.toSorted()).toEqual([
        [`${prefix}.a`, 'a'],
        [`${prefix}.b`, 'b'],
      ]),
    );
  });
});

describe('an offset out of range', () => {
  it('goes on at the beginning, never at the end', async () => {
    const topic = await createTopic(uniqueName('range'));
    const group = uniqueName('group');
    const logger = new LogRecorder();
    const seen: unknown[] = [];
    class Reader {
      @MessageHandler(topic)
      handle({ payload }: Message): void {
        seen.push(payload);
      }
    }
    await produce(topic, ['1', '2', '3']);
    const admin = client().admin();
    await admin.connect();
    await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '1000' }] });
    await admin.disconnect();
    const app = await startApplication({ group, startFromBeginning: false }, [Reader], logger);
    try {
      await eventually(() => expect(seen).toEqual([1, 2, 3]));
      expect(logger.find('error', `${topic}-0 has no offset 1000 (topic truncated or recreated?)`)).toHaveLength(1);
      await untilCommitted(group, topic, '3');
    } finally {
      await app.close();
    }
  });
});
