import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { KafkaConsumerService, Message, MessageHandler, NonRetriableError } from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { createTopic, listTopics, produce, recordsOf, uniqueName, untilCommitted } from '../support/kafka.js';

const quickly = { initialDelayMs: 20, maxDelayMs: 20, jitter: 'none' } as const;

describe('dead letters', () => {
  let app: INestApplicationContext | undefined;
  afterEach(async () => app?.close());

  it('hold the record as it was, and tell why it was given up on', async () => {
    const topic = await createTopic(uniqueName('orders'), 2);
    const group = uniqueName('group');
    class PaymentError extends Error {}
    class Orders {
      @MessageHandler(topic, { retry: { ...quickly, maxAttempts: 3 }, deadLetter: true })
      created({ key }: Message): void {
        if (String(key) === 'bad') throw new PaymentError('card declined');
      }
    }
    const value = Buffer.from([0, 1, 0xff, 0xfe, 0x80]);
    const headers = { trace: 'abc', bytes: Buffer.from([0xff, 0]), twice: ['1', '2'], timestamp: 'my own', empty: '' };
    const before = Date.now();
    await produce(topic, [
      { key: 'good', value: '1', partition: 1 },
      { key: 'bad', value, headers, partition: 1, timestamp: '1700000000000' },
      { key: 'good', value: '2', partition: 1 },
    ]);
    app = await startApplication({ group }, [Orders]);
    await untilCommitted(group, topic, '3', 1);

    const [letter] = await recordsOf(`${topic}.dlq`, 1);

    expect(letter!.key!.toString()).toBe('bad');
    expect(letter!.value!.equals(value)).toBe(true);
    const { trace, bytes, twice, empty, timestamp, ...ours } = letter!.headers!;
    expect([String(trace), String(twice), String(empty)]).toEqual(['abc', '1,2', '']);
    expect(bytes).toEqual(Buffer.from([0xff, 0]));
    const [own, ofFailure] = (timestamp as Buffer[]).map(String);
    expect(own).toBe('my own');
    expect(Date.parse(ofFailure!)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(ofFailure!)).toBeLessThanOrEqual(Date.now());
    const { 'error-stack': stack, ...rest } = ours;
    expect(String(stack)).toMatch(/^(PaymentError|Error): card declined\n +at /);
    expect(Object.fromEntries(Object.entries(rest).map(([name, header]) => [name, String(header)]))).toEqual({
      'original-topic': topic,
      'original-partition': '1',
      'original-offset': '1',
      'original-timestamp': '2023-11-14T22:13:20.000Z',
      'original-group': group,
      'original-handler': 'Orders.created',
      attempts: '3',
      error: 'card declined',
      'error-class': 'PaymentError',
    });
    expect(app.get(KafkaConsumerService).status()).toMatchObject({ handled: 2, deadLettered: 1, failedAttempts: 3 });
  });

  it('come at once where no attempt can help: undecodable, non-retriable, listed, or classified so', async () => {
    const topic = await createTopic(uniqueName('orders'));
    const group = uniqueName('group');
    class Listed extends Error {}
    const attempts: string[] = [];
    class Orders {
      @MessageHandler(topic, {
        deadLetter: true,
        nonRetriable: [Listed, (error) => (error as Error).message === 'predicate'],
        classify: (error) => ((error as Error).message === 'classified' ? 'give-up' : undefined),
      })
      created({ payload }: Message<string>): void {
        attempts.push(payload);
        if (payload === 'non-retriable') throw new NonRetriableError(payload);
        if (payload === 'listed') throw new Listed(payload);
        throw new Error(payload);
      }
    }
    await produce(topic, ['{"half":', '"non-retriable"', '"listed"', '"predicate"', '"classified"']);
    app = await startApplication({ group }, [Orders]);
    await untilCommitted(group, topic, '5');

    const letters = await recordsOf(`${topic}.dlq`, 5);

    expect(letters.map(({ headers }) => String(headers!['error-class']))).toEqual([
      'DeserializationError',
      'NonRetriableError',
      'Listed',
      'Error',
      'Error',
    ]);
    expect(attempts).toEqual(['non-retriable', 'listed', 'predicate', 'classified']);
  });

  it('go where the module or the handler says, also by message and error', async () => {
    const topic = await createTopic(uniqueName('orders'));
    const [dead, late] = [uniqueName('dead'), await createTopic(uniqueName('late'))];
    const group = uniqueName('group');
    class Orders {
      @MessageHandler(topic)
      first({ payload }: Message<string>): void {
        throw new NonRetriableError(`first ${payload}`);
      }

      @MessageHandler(topic, {
        deadLetter: { topic: ({ payload }, error) => (String(error).includes('late') ? late : `${String(payload)} !`) },
      })
      second({ payload }: Message<string>): void {
        throw new NonRetriableError(`second ${payload}`);
      }
    }
    await produce(topic, ['"late"', '"other"']);
    app = await startApplication({ group, deadLetter: { topic: dead } }, [Orders]);
    await eventually(async () => expect(await listTopics()).toContain(dead));
    await createTopic(`${topic}.dlq`); // what a function chooses is nobody's to make
    await untilCommitted(group, topic, '2');

    const errors = async (name: string, count: number): Promise<string[]> =>
      (await recordsOf(name, count)).map(({ headers }) => String(headers!.error));

    expect(await errors(dead, 2)).toEqual(['first late', 'first other']);
    expect(await errors(late, 1)).toEqual(['second late']);
    expect(await errors(`${topic}.dlq`, 1)).toEqual(['second other']);
  });

  it('are held, and nothing is dropped, while their topic is missing; other partitions go on', async () => {
    const topic = await createTopic(uniqueName('orders'), 2);
    const group = uniqueName('group');
    const logger = new LogRecorder();
    const handled: string[] = [];
    class Orders {
      @MessageHandler(topic, { deadLetter: true })
      created({ payload }: Message<string>): void {
        if (payload === 'bad') throw new NonRetriableError('bad');
        handled.push(payload);
      }
    }
    await produce(topic, [
      { value: '"bad"', partition: 0 },
      { value: '"behind"', partition: 0 },
      { value: '"other"', partition: 1 },
    ]);
    app = await startApplication({ group, createTopics: false }, [Orders], logger);
    const held = `${topic}-0@0 could not be moved to ${topic}.dlq; nothing is dropped`;
    await eventually(() => logger.find('error', held).length > 0);
    await untilCommitted(group, topic, '1', 1);
    expect(handled).toEqual(['other']);
    expect(logger.find('warn', `Topic "${topic}.dlq" does not exist`)).toHaveLength(1);

    await createTopic(`${topic}.dlq`);
    await untilCommitted(group, topic, '2', 0);

    expect(handled).toEqual(['other', 'behind']);
    expect(await recordsOf(`${topic}.dlq`, 1)).toHaveLength(1);
  });

  it('may be handled like any other topic', async () => {
    const topic = await createTopic(uniqueName('orders'));
    const seen: unknown[] = [];
    class Orders {
      @MessageHandler(topic, { deadLetter: true })
      created(): void {
        throw new NonRetriableError('no');
      }

      @MessageHandler(`${topic}.dlq`)
      dead({ payload, headers }: Message<string>): void {
        seen.push([payload, headers['original-topic'], headers.error]);
      }
    }
    await produce(topic, ['"first"']);
    app = await startApplication({ group: uniqueName('group') }, [Orders]);

    await eventually(() => expect(seen).toEqual([['first', topic, 'no']]));
  });
});
