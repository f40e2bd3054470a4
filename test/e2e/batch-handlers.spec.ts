import { afterEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, type INestApplicationContext, ParseArrayPipe, UseGuards } from '@nestjs/common';
import {
  BatchError,
  BatchHandler,
  type BatchHandlerOptions,
  DeadLetterService,
  type HandlerContext,
  type KafkaOptions,
  type Message,
  MessageContext,
  MessageHandler,
  MessageKey,
  MessagePayload,
  NonRetriableError,
} from '@things-kit/nestjs-kafka';
import { IsNumber } from 'class-validator';
import { LogRecorder, startApplication, untilAssigned } from '../support/application.js';
import { deferred } from '../support/deferred.js';
import { eventually } from '../support/eventually.js';
import { createTopic, produce, recordsOf, uniqueName, untilCommitted } from '../support/kafka.js';

type Handle = (messages: Message[], context: HandlerContext) => unknown;

const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));
const textOf = ({ value }: Pick<Message, 'value'>): string => value!.toString();

describe('a batch handler', () => {
  const apps: INestApplicationContext[] = [];
  const logger = new LogRecorder();
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    logger.lines.length = 0;
  });

  async function names(partitions = 1) {
    return { topic: await createTopic(uniqueName('orders'), partitions), group: uniqueName('group') };
  }

  async function start(
    { topic, group }: { topic: string; group: string },
    handle: Handle,
    handler: BatchHandlerOptions = {},
    options: Partial<KafkaOptions> = {},
  ): Promise<INestApplicationContext> {
    class Orders {
      @BatchHandler(topic, handler)
      created(messages: Message[], context: HandlerContext): unknown {
        return handle(messages, context);
      }
    }
    const app = await startApplication({ group, ...options }, [Orders], logger);
    apps.push(app);
    return app;
  }

  it('gets the messages of a partition together, in order, no more than maxSize at a time', async () => {
    const place = await names(2);
    await produce(
      place.topic,
      numbers(100).map((value, at) => ({ value, partition: at % 2 })),
    );
    const batches: { partition: number; values: string[] }[] = [];
    const handle: Handle = (messages) => {
      batches.push({ partition: messages[0]!.partition, values: messages.map(textOf) });
      expect(new Set(messages.map(({ partition }) => partition)).size).toBe(1);
    };

    await start(place, handle, { maxSize: 20 });
    await untilCommitted(place.group, place.topic, '50', 0);
    await untilCommitted(place.group, place.topic, '50', 1);

    for (const partition of [0, 1]) {
      const values = batches.filter((batch) => batch.partition === partition).flatMap((batch) => batch.values);
      expect(values).toEqual(numbers(100).filter((_, at) => at % 2 === partition));
    }
    expect(Math.max(...batches.map(({ values }) => values.length))).toBeLessThanOrEqual(20);
    expect(batches.length).toBeLessThan(20);
  });

  it('gets the messages of a key together in key order', async () => {
    const place = await names();
    await produce(
      place.topic,
      numbers(90).map((value, at) => ({ key: `k${at % 3}`, value })),
    );
    const batches: string[][] = [];

    await start(place, (messages) => void batches.push(messages.map(textOf)), { processingOrder: 'key', maxSize: 10 });
    await untilCommitted(place.group, place.topic, '90');

    for (const batch of batches) expect(new Set(batch.map((value) => Number(value) % 3)).size).toBe(1);
    for (const key of [0, 1, 2]) {
      const values = batches.flat().filter((value) => Number(value) % 3 === key);
      expect(values).toEqual(numbers(90).filter((value) => Number(value) % 3 === key));
    }
    expect(batches.length).toBeLessThan(90);
  });

  it('waits for maxWaitMs for a full batch, and no longer', async () => {
    const place = await names();
    const batches: string[][] = [];
    const app = await start(place, (messages) => void batches.push(messages.map(textOf)), {
      maxSize: 3,
      maxWaitMs: 2_000,
    });
    await untilAssigned(app, 1);

    await produce(place.topic, ['0']);
    await produce(place.topic, ['1']);
    await produce(place.topic, ['2']);
    await eventually(() => batches.length === 1, { timeoutMs: 1_500 });
    await produce(place.topic, ['3']);
    await eventually(() => batches.length === 2);

    expect(batches).toEqual([['0', '1', '2'], ['3']]);
  });

  it('completes what a BatchError does not name; what it names is tried again alone, and then given up', async () => {
    const place = await names();
    await produce(place.topic, numbers(6));
    const calls: string[] = [];
    const handle: Handle = (messages, { attempt }) => {
      calls.push(`${messages.map(textOf).join()}#${attempt}`);
      const failed = messages.filter((one) => textOf(one) === '1' || (textOf(one) === '4' && attempt < 3));
      if (failed.length > 0) throw new BatchError(failed.map((message) => ({ message, error: new Error('no') })));
    };

    const retry = { maxAttempts: 3, initialDelayMs: 1 };
    const app = await start(place, handle, { maxSize: 6, maxWaitMs: 2_000, retry, deadLetter: true });
    await untilCommitted(place.group, place.topic, '6');

    expect(calls).toEqual(['0,1,2,3,4,5#1', '1#2', '1#3', '4#2', '4#3']);
    const letters = await recordsOf(`${place.topic}.dlq`, 1);
    expect(letters.map(({ value, headers }) => [String(value), String(headers!.attempts)])).toEqual([['1', '3']]);
    expect(app).toBeDefined();
  });

  it('that throws anything else gets the whole batch again, and at last each message alone', async () => {
    const place = await names();
    await produce(place.topic, numbers(4));
    const calls: string[] = [];
    const handle: Handle = (messages, { attempt }) => {
      calls.push(`${messages.map(textOf).join()}#${attempt}`);
      if (messages.some((one) => textOf(one) === '2')) throw new Error('2 is poison');
    };

    const retry = { maxAttempts: 2, initialDelayMs: 1 };
    await start(place, handle, { maxSize: 4, maxWaitMs: 2_000, retry, deadLetter: true });
    await untilCommitted(place.group, place.topic, '4');

    expect(calls).toEqual(['0,1,2,3#1', '0,1,2,3#2', '0#2', '1#2', '2#2', '3#2']);
    expect((await recordsOf(`${place.topic}.dlq`, 1)).map(({ value }) => String(value))).toEqual(['2']);
  });

  it.each([
    ['an error that is never retried', '"a"', () => Promise.reject(new NonRetriableError('never'))],
    ['a payload that cannot be decoded', '{', (payload: unknown) => payload],
  ])('isolates %s at once', async (_what, poison, handlePoison) => {
    const place = await names();
    await produce(place.topic, ['1', poison, '3']);
    const handled: unknown[] = [];
    const handle: Handle = async (messages) => {
      for (const { payload } of messages) if (payload === 'a') await handlePoison(payload);
      handled.push(...messages.map(({ payload }) => payload));
    };

    await start(place, handle, { maxSize: 3, maxWaitMs: 2_000, deadLetter: true });
    await untilCommitted(place.group, place.topic, '3');

    expect(handled).toEqual([1, 3]);
    expect((await recordsOf(`${place.topic}.dlq`, 1)).map(({ value }) => String(value))).toEqual([poison]);
  });

  it('takes a BatchError about other messages for any error', async () => {
    const place = await names();
    await produce(place.topic, ['0', '1']);
    const sizes: number[] = [];
    const handle: Handle = (messages) => {
      sizes.push(messages.length);
      if (sizes.length === 1) throw new BatchError([{ message: { ...messages[0] } as Message, error: new Error('?') }]);
    };

    await start(place, handle, { maxSize: 2, maxWaitMs: 2_000, retry: { initialDelayMs: 1 } });
    await untilCommitted(place.group, place.topic, '2');

    expect(sizes).toEqual([2, 2]);
  });

  it('gets nothing that was redriven for another group', async () => {
    const place = await names();
    await produce(place.topic, numbers(3));
    const other = uniqueName('group');
    const [batched, repaired]: [string[], string[]] = [[], []];
    let isBroken = true;
    class Orders {
      @BatchHandler(place.topic, { maxSize: 3 })
      batch(messages: Message[]): void {
        batched.push(...messages.map(textOf));
      }

      @MessageHandler(place.topic, { group: other, deadLetter: true })
      single(message: Message): void {
        if (isBroken && textOf(message) !== '1') throw new NonRetriableError('not yet');
        if (!isBroken) repaired.push(textOf(message));
      }
    }
    const app = await startApplication({ group: place.group }, [Orders], logger);
    apps.push(app);
    await recordsOf(`${place.topic}.dlq`, 2);
    await untilCommitted(place.group, place.topic, '3');

    isBroken = false;
    await app.get(DeadLetterService).redrive(`${place.topic}.dlq`);
    await produce(place.topic, ['3']);
    await eventually(() => batched.includes('3') && repaired.includes('3'));

    expect(repaired).toEqual(['0', '2', '3']);
    expect(batched).toEqual(numbers(4));
  });

  it('gets what comes from a retry topic one by one', async () => {
    const place = await names();
    await produce(place.topic, numbers(3));
    const calls: string[] = [];
    const handle: Handle = (messages, { attempt }) => {
      calls.push(`${messages.map(textOf).join()}#${attempt}`);
      if (attempt === 1)
        throw new BatchError(messages.slice(1).map((message) => ({ message, error: new Error('no') })));
    };

    await start(place, handle, { maxSize: 3, maxWaitMs: 2_000, retryTopics: ['100ms'] });
    await untilCommitted(place.group, place.topic, '3');
    await eventually(() => calls.length === 3);

    expect(calls[0]).toBe('0,1,2#1');
    expect(calls.slice(1).toSorted()).toEqual(['1#2', '2#2']);
  });

  it('has decorated parameters filled with arrays, and guards called once a batch', async () => {
    const place = await names();
    class OrderDto {
      @IsNumber()
      amount!: number;
    }
    const seen: unknown[] = [];
    let guarded = 0;
    class Guard implements CanActivate {
      canActivate(): boolean {
        return ++guarded > 0;
      }
    }
    class Orders {
      @UseGuards(Guard)
      @BatchHandler(place.topic, { maxSize: 3, maxWaitMs: 2_000, deadLetter: true })
      created(
        @MessagePayload(new ParseArrayPipe({ items: OrderDto })) orders: OrderDto[],
        @MessageKey() keys: Buffer[],
        @MessageContext() { attempt }: HandlerContext,
      ): void {
        seen.push([orders.map((order) => [order instanceof OrderDto, order.amount]), keys.map(String), attempt]);
      }
    }
    await produce(place.topic, [
      { key: 'a', value: '{"amount":1}' },
      { key: 'b', value: '{"amount":2}' },
      { key: 'c', value: '{"amount":3}' },
    ]);
    apps.push(await startApplication({ group: place.group }, [Orders], logger));
    await untilCommitted(place.group, place.topic, '3');
    await produce(place.topic, [
      { key: 'd', value: '{"amount":4}' },
      { key: 'e', value: '{"amount":"x"}' },
      { key: 'f', value: '{"amount":6}' },
    ]);
    await untilCommitted(place.group, place.topic, '6');

    const amounts = (...all: number[]) => all.map((amount) => [true, amount]);
    expect(seen).toEqual([
      [amounts(1, 2, 3), ['a', 'b', 'c'], 1],
      [amounts(4), ['d'], 1],
      [amounts(6), ['f'], 1],
    ]);
    expect(guarded).toBe(5);
    expect(await recordsOf(`${place.topic}.dlq`, 1)).toHaveLength(1);
  });

  it('finishes its batch in a shutdown; what waited is handled by the next process', async () => {
    const place = await names();
    await produce(place.topic, numbers(20));
    const begun = deferred();
    const end = deferred();
    const handled: string[] = [];
    const app = await start(
      place,
      async (messages) => {
        begun.resolve();
        await end.promise;
        handled.push(...messages.map(textOf));
      },
      { maxSize: 5 },
    );
    await begun.promise;

    const closed = app.close();
    end.resolve();
    await closed;
    expect(handled).toEqual(numbers(handled.length));
    expect(handled.length % 5).toBe(0);
    expect(handled.length).toBeLessThan(20);
    await start(place, (messages) => void handled.push(...messages.map(textOf)), { maxSize: 5 });
    await untilCommitted(place.group, place.topic, '20');

    expect(handled).toEqual(numbers(20));
  });

  it('gets each message once while partitions move between members', async () => {
    const place = await names(4);
    const handled: string[] = [];
    const handle: Handle = (messages) => void handled.push(...messages.map(textOf));
    const limits = { maxSize: 10, maxWaitMs: 20 };
    const first = await start(place, handle, limits);
    await untilAssigned(first, 4);
    const producing = (async () => {
      for (let from = 0; from < 1_000; from += 50)
        await produce(
          place.topic,
          numbers(1_000)
            .slice(from, from + 50)
            .map((value, at) => ({ value, partition: at % 4 })),
        );
    })();
    for (let round = 0; round < 2; round++) {
      const second = await start(place, handle, limits);
      await untilAssigned(second, 2);
      apps.pop();
      await second.close();
    }
    await producing;
    await eventually(() => handled.length >= 1_000);

    expect(handled.toSorted()).toEqual(numbers(1_000).toSorted());
  });

  it('cannot be one of several handlers of a topic, nor have options that it has no use for', async () => {
    class Orders {
      @BatchHandler('orders', { maxSize: 0, when: () => true } as BatchHandlerOptions)
      batch(): void {}

      @MessageHandler('orders')
      single(): void {}
    }
    const starting = startApplication({ group: 'billing' }, [Orders], logger);
    await expect(starting).rejects.toThrow('Orders.batch takes batches, and Orders.single takes the same topic');
    await expect(starting).rejects.toThrow('maxSize: 0; a whole number from 1 on was expected');
    await expect(starting).rejects.toThrow('when, which handlers of batches cannot have');
  });

  it('needs an order', async () => {
    class Orders {
      @BatchHandler('orders')
      batch(): void {}
    }
    const starting = startApplication({ group: 'billing', processingOrder: 'unordered' }, [Orders], logger);
    await expect(starting).rejects.toThrow("the module's processingOrder is 'unordered'");
  });
});
