import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import {
  AcknowledgementError,
  type HandlerContext,
  type KafkaOptions,
  KafkaConsumerService,
  type Message,
  MessageHandler,
  type MessageHandlerOptions,
  NonRetriableError,
  PublishError,
} from '@things-kit/nestjs-kafka';
import { startApplication, testOptions, untilAssigned } from '../support/application.js';
import { committedValues } from '../support/committed-values.js';
import {
  brokers,
  committedOffset,
  createTopic,
  produce,
  recordsOf,
  uniqueName,
  untilCommitted,
} from '../support/kafka.js';
import { NodeProcess } from '../support/processes.js';
import type { TransactionalWorkerJob } from '../support/transactional-worker.js';
import { eventually } from '../support/eventually.js';

type Handle = (message: Message, context: HandlerContext) => unknown;

const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));
const inPartitions = (values: readonly string[], partitions: number) =>
  values.map((value, at) => ({ key: `k${at % 10}`, value, partition: at % partitions }));

describe('a transactional handler', () => {
  const apps: INestApplicationContext[] = [];
  const processes: NodeProcess[] = [];
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((one) => one.kill()));
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });

  async function topics(partitions = 1) {
    const topic = await createTopic(uniqueName('orders'), partitions);
    return { topic, output: await createTopic(uniqueName('validated'), 2), group: uniqueName('group') };
  }

  async function start(
    topic: string,
    handle: Handle,
    handler: MessageHandlerOptions,
    options: Partial<KafkaOptions>,
  ): Promise<INestApplicationContext> {
    class Orders {
      @MessageHandler(topic, { transactional: true, ...handler })
      created(message: Message, context: HandlerContext): unknown {
        return handle(message, context);
      }
    }
    const app = await startApplication(options, [Orders]);
    apps.push(app);
    return app;
  }

  const valuesOf = (records: readonly { value: Buffer | null }[]): string[] =>
    records.map(({ value }) => value!.toString());

  /** Sorted, once there are as many; a transaction's end may reach some partitions later than others. */
  async function settledValuesOf(topic: string, count: number): Promise<string[]> {
    let values: string[] = [];
    await eventually(async () => (values = await committedValues(brokers(), topic)).length >= count, {
      timeoutMs: 20_000,
      message: () => `expected ${count} results in ${topic}, got ${values.length}`,
    });
    return values.toSorted();
  }

  it.each(['partition', 'key', 'unordered'] as const)(
    'in %s order: what it publishes and returns is stored once, with the position',
    async (processingOrder) => {
      const { topic, output, group } = await topics(3);
      await produce(topic, inPartitions(numbers(300), 3));
      const handle: Handle = async (message, context) => {
        await context.publish({ topic: output, key: message.key, value: `accepted ${message.value!.toString()}` });
        return `done ${message.value!.toString()}`;
      };

      await start(topic, handle, { publishTo: output, processingOrder }, { group });
      for (const partition of [0, 1, 2]) await untilCommitted(group, topic, '100', partition);

      const expected = numbers(300).flatMap((value) => [`accepted ${value}`, `done ${value}`]);
      expect(valuesOf(await recordsOf(output, 600)).toSorted()).toEqual(expected.toSorted());
    },
  );

  it('keeps the order of what it publishes under a key', async () => {
    const { topic, output, group } = await topics();
    await produce(topic, inPartitions(numbers(200), 1));

    await start(
      topic,
      (message) => message.value!.toString(),
      { publishTo: output, processingOrder: 'key' },
      { group },
    );

    const stored = await recordsOf(output, 200);
    for (const key of new Set(stored.map((record) => String(record.key)))) {
      const values = valuesOf(stored.filter((record) => String(record.key) === key)).map(Number);
      expect(values).toEqual(values.toSorted((a, b) => a - b));
    }
  });

  it('has published nothing by an attempt that failed', async () => {
    const { topic, output, group } = await topics();
    await produce(topic, ['a']);
    const handle: Handle = async (_message, context) => {
      await context.publish({ topic: output, value: `attempt ${context.attempt}` });
      if (context.attempt < 3) throw new Error('not yet');
    };

    await start(topic, handle, { retry: { initialDelayMs: 1 } }, { group });
    await untilCommitted(group, topic, '1');

    expect(valuesOf(await recordsOf(output, 1))).toEqual(['attempt 3']);
  });

  it('has published what it did not wait for', async () => {
    const { topic, output, group } = await topics();
    await produce(topic, ['a']);

    await start(topic, (_message, context) => void context.publish({ topic: output, value: 'b' }), {}, { group });
    await untilCommitted(group, topic, '1');

    expect(valuesOf(await recordsOf(output, 1))).toEqual(['b']);
  });

  it('moves what it gives up on in the same transaction', async () => {
    const { topic, output, group } = await topics();
    await produce(topic, ['good', 'bad', 'good']);
    const handle: Handle = (message) => {
      if (message.value!.toString() === 'bad') throw new NonRetriableError('bad');
      return 'fine';
    };

    await start(topic, handle, { deadLetter: true, publishTo: output }, { group });
    await untilCommitted(group, topic, '3');

    expect(valuesOf(await recordsOf(output, 2))).toEqual(['fine', 'fine']);
    expect(valuesOf(await recordsOf(`${topic}.dlq`, 1))).toEqual(['bad']);
  });

  it('commits each message before the next of its lane with autoCommit: false', async () => {
    const { topic, output, group } = await topics();
    await produce(topic, numbers(5));
    const committed: (string | undefined)[] = [];
    const handle: Handle = async (message) => {
      committed.push(await committedOffset(group, topic));
      return message.value!.toString();
    };

    await start(topic, handle, { publishTo: output }, { group, autoCommit: false });
    await untilCommitted(group, topic, '5');

    expect(committed).toEqual(['0', '1', '2', '3', '4']);
    expect(valuesOf(await recordsOf(output, 5)).toSorted()).toEqual(numbers(5));
  });

  it('cannot commit before it has ended, nor publish afterwards', async () => {
    const { topic, group } = await topics();
    await produce(topic, ['a']);
    const errors: unknown[] = [];
    let late: (() => Promise<void>) | undefined;
    const handle: Handle = async (_message, context) => {
      await context.commit().catch((error: unknown) => errors.push(error));
      late = () => context.publish({ topic, value: 'late' });
    };

    await start(topic, handle, {}, { group });
    await untilCommitted(group, topic, '1');
    await late!().catch((error: unknown) => errors.push(error));

    expect(errors).toEqual([expect.any(AcknowledgementError), expect.any(PublishError)]);
    expect(String(errors[1])).toContain('the attempt is over');
  });

  it('has published what it did, when the next handler of the topic commits the message itself', async () => {
    const { topic, output, group } = await topics();
    await produce(topic, ['a']);
    class Orders {
      @MessageHandler(topic, { transactional: true, publishTo: output })
      validate({ value }: Message): string {
        return value!.toString();
      }

      @MessageHandler(topic)
      async notify(_message: Message, context: HandlerContext): Promise<void> {
        await context.commit();
      }
    }
    apps.push(await startApplication({ group }, [Orders]));
    await untilCommitted(group, topic, '1');

    expect(valuesOf(await recordsOf(output, 1))).toEqual(['a']);
  });

  it('fails when it publishes to what can be no topic, and holds nobody up', async () => {
    const { topic, group } = await topics();
    await produce(topic, ['a']);
    const handle: Handle = (_message, context) => context.publish({ topic: 'no topic', value: 'b' });

    await start(topic, handle, { deadLetter: true, retry: { maxAttempts: 1 } }, { group });
    await untilCommitted(group, topic, '1');

    const [letter] = await recordsOf(`${topic}.dlq`, 1);
    expect(String(letter!.headers!.error)).toContain('"no topic" is no topic');
  });

  it('is needed for context.publish', async () => {
    const { topic, group } = await topics();
    await produce(topic, ['a']);
    const errors: unknown[] = [];
    const handle: Handle = (_message, context) =>
      context.publish({ topic, value: 'b' }).catch((error: unknown) => errors.push(error));

    await start(topic, handle, { transactional: false }, { group });
    await untilCommitted(group, topic, '1');

    expect(errors).toEqual([expect.any(PublishError)]);
    expect(String(errors[0])).toContain('decorate it with { transactional: true }');
  });

  it('goes on elsewhere with what it has published so far stored', async () => {
    const { topic, output, group } = await topics();
    await produce(topic, numbers(100));
    const app = await start(topic, (message) => message.value!.toString(), { publishTo: output }, { group });
    await untilCommitted(group, topic, '100');

    await app.get(KafkaConsumerService).seek(topic, 0, 50);
    await untilCommitted(group, topic, '100');

    const expected = [...numbers(100), ...numbers(100).slice(50)];
    expect(valuesOf(await recordsOf(output, 150)).toSorted()).toEqual(expected.toSorted());
  });

  it('sees each result once while partitions move between members that come and go', async () => {
    const { topic, output, group } = await topics(4);
    const handle: Handle = (message) => message.value!.toString();
    const options = { group, heartbeatIntervalMs: 100 };
    await start(topic, handle, { publishTo: output }, options);
    await untilAssigned(apps[0]!, 4);
    const producing = (async () => {
      for (let from = 0; from < 2_000; from += 100)
        await produce(topic, inPartitions(numbers(2_000).slice(from, from + 100), 4));
    })();
    for (let round = 0; round < 3; round++) {
      const second = await start(topic, handle, { publishTo: output }, options);
      await untilAssigned(second, 2);
      apps.pop();
      await second.close();
    }
    await producing;
    for (const partition of [0, 1, 2, 3]) await untilCommitted(group, topic, '500', partition);

    expect(await settledValuesOf(output, 2_000)).toEqual(numbers(2_000).toSorted());
  });

  it('leaves each result once when its processes are killed', async () => {
    const { topic, output, group } = await topics(4);
    const job: TransactionalWorkerJob = { topic, output, longestMs: 12, options: testOptions({ group }) };
    const worker = (): NodeProcess => {
      const started = new NodeProcess('test/support/transactional-worker.ts', [JSON.stringify(job)]);
      processes.push(started);
      return started;
    };
    const total = 4_000;
    const producing = (async () => {
      for (let from = 0; from < total; from += 200)
        await produce(topic, inPartitions(numbers(total).slice(from, from + 200), 4));
    })();
    const progress = async (): Promise<number> => {
      const offsets = await Promise.all([0, 1, 2, 3].map((partition) => committedOffset(group, topic, partition)));
      return offsets.reduce((sum, offset) => sum + Number(offset ?? 0), 0);
    };
    worker();
    for (const share of [0.1, 0.3, 0.5]) {
      const victim = worker();
      await eventually(() => /reading .*orders/.test(victim.output), {
        timeoutMs: 60_000,
        message: () => victim.output,
      });
      await eventually(async () => (await progress()) >= total * share, { timeoutMs: 60_000 });
      expect(await progress()).toBeLessThan(total); // or nothing would be lost by the kill
      await victim.kill();
    }
    await producing;
    await eventually(async () => (await progress()) === total, { timeoutMs: 60_000 });

    const expected = numbers(total).flatMap((value) => [`${value} accepted`, `${value} done`]);
    expect(await settledValuesOf(output, total * 2)).toEqual(expected.toSorted());
  }, 180_000);
});
