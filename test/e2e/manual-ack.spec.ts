import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import {
  AcknowledgementError,
  type HandlerContext,
  KafkaConsumerService,
  type KafkaOptions,
  type Message,
  MessageHandler,
} from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication } from '../support/application.js';
import { deferred } from '../support/deferred.js';
import { eventually } from '../support/eventually.js';
import { committedOffset, createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

let app: INestApplicationContext | undefined;
afterEach(async () => app?.close());

const late = { initialDelayMs: 60_000, maxDelayMs: 60_000, jitter: 'none' } as const;
const atOnce = { initialDelayMs: 0, maxDelayMs: 0, jitter: 'none' } as const;

describe("a handler with ack: 'manual'", () => {
  it('completes a message by ack(), also after it has returned and in any order', async () => {
    const topic = await createTopic(uniqueName('ack'));
    const group = uniqueName('group');
    const batch = new Map<string, HandlerContext>();
    class Batching {
      @MessageHandler(topic, { ack: 'manual', processingOrder: 'unordered' })
      collect({ offset }: Message, context: HandlerContext): void {
        batch.set(offset, context);
      }
    }
    await produce(topic, ['0', '1', '2']);
    app = await startApplication({ group }, [Batching]);
    const consumer = app.get(KafkaConsumerService);

    await eventually(() => expect(batch.size).toBe(3));
    expect(consumer.status()).toMatchObject({ open: 3, inFlight: 3, handled: 0 });
    batch.get('1')!.ack();
    await eventually(() => expect(consumer.status()).toMatchObject({ open: 2, inFlight: 2, handled: 1 }));
    expect(consumer.assignments()).toMatchObject([{ position: '0' }]);
    batch.get('0')!.ack();
    await untilCommitted(group, topic, '2');
    batch.get('2')!.ack();
    await untilCommitted(group, topic, '3');

    expect(consumer.status()).toMatchObject({ open: 0, inFlight: 0, handled: 3, failedAttempts: 0 });
  });

  it('is called with the next message of a lane when the one before is acknowledged', async () => {
    const topic = await createTopic(uniqueName('ack'));
    const group = uniqueName('group');
    const contexts: HandlerContext[] = [];
    class Serial {
      @MessageHandler(topic, { ack: 'manual' })
      handle(_message: Message, context: HandlerContext): void {
        contexts.push(context);
      }
    }
    await produce(topic, ['0', '1']);
    app = await startApplication({ group }, [Serial]);
    const consumer = app.get(KafkaConsumerService);
    await eventually(() => expect(consumer.status()).toMatchObject({ open: 2 }));
    expect(contexts).toHaveLength(1);

    contexts[0]!.ack();
    await eventually(() => contexts.length === 2);
    contexts[1]!.ack();
    await untilCommitted(group, topic, '2');
  });

  it('is called again after the delay that nack() asks for', async () => {
    const topic = await createTopic(uniqueName('nack'));
    const group = uniqueName('group');
    const logger = new LogRecorder();
    const calls: [string, number][] = [];
    class Refusing {
      @MessageHandler(topic, { ack: 'manual', retry: late })
      handle({ offset }: Message, context: HandlerContext): void {
        calls.push([`${offset}#${context.attempt}`, performance.now()]);
        if (context.attempt === 1) context.nack(300);
        else if (context.attempt === 2) setImmediate(() => context.nack(0));
        else context.ack();
      }
    }
    await produce(topic, ['0']);
    app = await startApplication({ group }, [Refusing], logger);

    await untilCommitted(group, topic, '1');

    expect(calls.map(([call]) => call)).toEqual(['0#1', '0#2', '0#3']);
    expect(calls[1]![1] - calls[0]![1]).toBeGreaterThan(295);
    const reason = `Refusing.handle: ${topic}-0@0 was not acknowledged: the handler has called nack()`;
    expect(logger.find('error', `attempt 1; trying again in 300 ms: AcknowledgementError: ${reason}`)).toHaveLength(1);
    expect(logger.find('warn', `attempt 2; trying again in 0 ms: AcknowledgementError: ${reason}`)).toHaveLength(1);
    expect(app.get(KafkaConsumerService).status()).toMatchObject({ handled: 1, failedAttempts: 2 });
  });

  it('has failed when it has returned and answered nothing for ackTimeoutMs; what it answers then is ignored', async () => {
    const topic = await createTopic(uniqueName('silent'));
    const group = uniqueName('group');
    const logger = new LogRecorder();
    const contexts: HandlerContext[] = [];
    class Silent {
      @MessageHandler(topic, { ack: 'manual', ackTimeoutMs: 200, retry: atOnce })
      handle(_message: Message, context: HandlerContext): void {
        contexts.push(context);
      }
    }
    await produce(topic, ['0']);
    app = await startApplication({ group }, [Silent], logger);

    await eventually(() => contexts.length === 2, { intervalMs: 5 });
    contexts[0]!.ack();
    expect(contexts[1]!.attempt).toBe(2);
    expect(logger.find('warn', `Silent.handle: ${topic}-0@0: ack() is ignored, the attempt is over`)).toHaveLength(1);
    expect(logger.find('error', 'called neither ack() nor nack() within 200 ms (ackTimeoutMs)')).toHaveLength(1);
    expect(app.get(KafkaConsumerService).status()).toMatchObject({ handled: 0, failedAttempts: 1 });

    contexts[1]!.ack();
    await untilCommitted(group, topic, '1');
  });

  it('answers in vain when the partition is lost: the message is delivered again', async () => {
    const topic = await createTopic(uniqueName('lost'));
    const group = uniqueName('group');
    const logger = new LogRecorder();
    const contexts: HandlerContext[] = [];
    class Waiting {
      @MessageHandler(topic, { ack: 'manual' })
      handle(_message: Message, context: HandlerContext): void {
        contexts.push(context);
      }
    }
    const options: Partial<KafkaOptions> = { group, shutdownTimeoutMs: 1_000, assignors: ['roundrobin'] };
    await produce(topic, ['0']);
    app = await startApplication(options, [Waiting], logger);
    await eventually(() => contexts.length === 1);
    const other = await startApplication(options, [Waiting], logger);
    try {
      await eventually(() => contexts.length === 2); // whoever has the partition now

      contexts[0]!.ack();
      contexts[0]!.nack();
      for (const call of ['ack', 'nack']) {
        const text = `Waiting.handle: ${topic}-0@0: ${call}() is ignored, the partition is given up or lost`;
        expect(logger.find('warn', text)).toHaveLength(1);
      }
      await expect(contexts[0]!.commit()).rejects.toThrow(AcknowledgementError);
      expect(await committedOffset(group, topic)).toBe('0');

      contexts[1]!.ack();
      await untilCommitted(group, topic, '1');
    } finally {
      await other.close();
    }
    expect(contexts).toHaveLength(2);
  });

  it('leaves a message without an answer to the next run', async () => {
    const topic = await createTopic(uniqueName('unanswered'));
    const group = uniqueName('group');
    const calls: string[] = [];
    let answers = false;
    class Waiting {
      @MessageHandler(topic, { ack: 'manual', processingOrder: 'unordered' })
      handle({ offset }: Message, context: HandlerContext): void {
        calls.push(offset);
        if (answers || offset === '1') context.ack();
      }
    }
    await produce(topic, ['0', '1', '2']);
    const first = await startApplication({ group, shutdownTimeoutMs: 1_000 }, [Waiting]);
    await eventually(() => expect(calls).toHaveLength(3));
    await first.close();
    expect(await committedOffset(group, topic)).toBe('0');

    answers = true;
    app = await startApplication({ group }, [Waiting]);
    await untilCommitted(group, topic, '3');

    expect(calls.slice(3)).toEqual(['0', '2']);
  });
});

describe('context.commit()', () => {
  it('has committed the message when it resolves, while the handler goes on; what that throws then is only logged', async () => {
    const topic = await createTopic(uniqueName('commit'));
    const group = uniqueName('group');
    const logger = new LogRecorder();
    const committed = deferred<string | undefined>();
    const goOn = deferred();
    const calls: string[] = [];
    class Paying {
      @MessageHandler(topic, { retry: atOnce })
      async handle({ offset }: Message, context: HandlerContext): Promise<void> {
        calls.push(offset);
        await context.commit();
        if (offset !== '0') return;
        committed.resolve(await committedOffset(group, topic));
        await goOn.promise;
        throw new Error('too late');
      }
    }
    await produce(topic, ['0', '1']);
    app = await startApplication({ group, commitIntervalMs: 60_000 }, [Paying], logger);

    expect(await committed.promise).toBe('1');
    expect(calls).toEqual(['0']); // its lane waits for it none the less
    goOn.resolve();
    await untilCommitted(group, topic, '2');

    expect(calls).toEqual(['0', '1']);
    const text = `Paying.handle failed on ${topic}-0@0 after it had committed it; it is not tried again: Error: too late`;
    expect(logger.find('error', text)).toHaveLength(1);
  });

  it('is an acknowledgement too', async () => {
    const topic = await createTopic(uniqueName('commit'));
    const group = uniqueName('group');
    const contexts: HandlerContext[] = [];
    class Waiting {
      @MessageHandler(topic, { ack: 'manual' })
      handle(_message: Message, context: HandlerContext): void {
        contexts.push(context);
      }
    }
    await produce(topic, ['0']);
    app = await startApplication({ group, commitIntervalMs: 60_000 }, [Waiting]);
    await eventually(() => contexts.length === 1);

    await contexts[0]!.commit();

    expect(await committedOffset(group, topic)).toBe('1');
    await eventually(() => expect(app!.get(KafkaConsumerService).status()).toMatchObject({ open: 0, handled: 1 }));
  });
});

it('a handler whose return is its acknowledgement cannot give another', async () => {
  const topic = await createTopic(uniqueName('auto'));
  const group = uniqueName('group');
  const errors: unknown[] = [];
  class Auto {
    @MessageHandler(topic)
    handle(_message: Message, context: HandlerContext): void {
      for (const answer of [() => context.ack(), () => context.nack()]) {
        try {
          answer();
        } catch (error) {
          errors.push(error);
        }
      }
    }
  }
  await produce(topic, ['0']);
  app = await startApplication({ group }, [Auto]);

  await untilCommitted(group, topic, '1');

  expect(errors).toEqual([expect.any(AcknowledgementError), expect.any(AcknowledgementError)]);
});
