import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, type INestApplicationContext, type Provider, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  BatchError,
  BatchHandler,
  DeserializationError,
  type HandlerContext,
  KafkaModule,
  type KafkaOptions,
  type Message,
  MessageHandler,
  NonRetriableError,
  SkipMessageError,
} from '@things-kit/nestjs-kafka';
import { HandlerHarness, type HandlerResult } from '@things-kit/nestjs-kafka/testing';
import { LogRecorder } from '../../support/application.js';

let app: INestApplicationContext | undefined;
afterEach(async () => app?.close());

async function harnessOf(providers: Provider[], options: Partial<KafkaOptions> = {}): Promise<HandlerHarness> {
  const connection = { brokers: ['127.0.0.1:1'], group: 'billing', autoStart: false };
  const testing = await Test.createTestingModule({
    imports: [KafkaModule.forRoot({ ...connection, ...options })],
    providers,
  })
    .setLogger(new LogRecorder())
    .compile();
  app = await testing.init();
  return HandlerHarness.of(app);
}

describe('HandlerHarness', () => {
  it('delivers a message as the consumer would', async () => {
    const received: [Message, HandlerContext][] = [];
    class Orders {
      @MessageHandler('orders')
      created(message: Message, context: HandlerContext): void {
        received.push([message, context]);
      }
    }
    const harness = await harnessOf([Orders]);

    const delivery = await harness.deliver({
      topic: 'orders',
      key: 'a',
      value: { id: 1 },
      headers: { type: 'x', n: ['1', '2'] },
    });
    await harness.deliver({ topic: 'orders', value: 'null' });

    expect(delivery).toEqual({
      outcome: 'handled',
      attempts: 1,
      handlers: [{ handler: 'Orders.created', outcome: 'handled', attempts: 1, delaysMs: [], errors: [] }],
    });
    const [message, context] = received[0]!;
    expect(message).toMatchObject({ topic: 'orders', partition: 0, offset: '0', payload: { id: 1 } });
    expect(message.key?.toString()).toBe('a');
    expect({ ...message.headers }).toEqual({ type: 'x', n: ['1', '2'] });
    expect(context).toMatchObject({ attempt: 1, group: 'billing', handler: 'Orders.created' });
    expect(received[1]![0]).toMatchObject({ offset: '1', payload: null });
  });

  it('follows a message through retry topics to its dead letter, and shows that', async () => {
    const attempts: number[] = [];
    class Orders {
      @MessageHandler('orders', { retryTopics: ['10s', '5m'], deadLetter: true })
      created({ topic }: Message, { attempt }: HandlerContext): void {
        attempts.push(attempt);
        throw new Error(`${topic} ${attempt}`);
      }
    }
    const harness = await harnessOf([Orders]);

    const { outcome, handlers } = await harness.deliver({
      topic: 'orders',
      key: 'k',
      value: 'v',
      headers: { trace: 'abc' },
    });

    expect(outcome).toBe('dead-lettered');
    expect(attempts).toEqual([1, 2, 3]);
    const [{ deadLetter, ...result }] = handlers as [HandlerResult];
    expect(result).toMatchObject({ attempts: 3, delaysMs: [10_000, 300_000] });
    expect(deadLetter).toMatchObject({ topic: 'orders.dlq', key: Buffer.from('k'), value: Buffer.from('v') });
    expect(deadLetter!.headers).toMatchObject({
      trace: 'abc',
      error: 'orders 3',
      attempts: '3',
      'original-topic': 'orders',
    });
  });

  it('ends as handled what succeeds in a retry topic', async () => {
    class Orders {
      @MessageHandler('orders', { retryTopics: ['10s'] })
      created(_: Message, { attempt }: HandlerContext): void {
        if (attempt === 1) throw new Error('again');
      }
    }
    const { outcome, attempts, handlers } = await (await harnessOf([Orders])).deliver({ topic: 'orders', value: {} });

    expect({ outcome, attempts }).toEqual({ outcome: 'handled', attempts: 2 });
    expect(handlers[0]).not.toHaveProperty('deadLetter');
  });

  it('tells attempts, delays and errors, and waits for none of them', async () => {
    class Flaky {
      @MessageHandler('orders', { retry: { initialDelayMs: 60_000, maxDelayMs: 600_000, jitter: 'none' } })
      handle(_message: Message, { attempt }: HandlerContext): void {
        if (attempt < 4) throw new Error(`attempt ${attempt}`);
      }
    }
    const harness = await harnessOf([Flaky]);

    const { outcome, handlers } = await harness.deliver({ topic: 'orders', value: {} });

    expect(outcome).toBe('handled');
    expect(handlers).toMatchObject([{ attempts: 4, delaysMs: [60_000, 120_000, 240_000] }]);
    expect(handlers[0]!.errors.map(String)).toEqual(['Error: attempt 1', 'Error: attempt 2', 'Error: attempt 3']);
  });

  it.each([
    ['a handler skips', new SkipMessageError('not ours'), undefined, 'skipped', 1],
    ['attempts are used up, onExhausted: skip', new Error('no'), 'skip', 'skipped', 3],
    ['attempts are used up, onExhausted: stop', new Error('no'), 'stop', 'stopped', 3],
    ['attempts are used up, onExhausted: retry', new Error('no'), 'retry', 'retrying', 3],
    ['attempts are pointless', new NonRetriableError('never'), 'skip', 'skipped', 1],
  ] as const)('%s', async (_case, error, onExhausted, outcome, attempts) => {
    class Failing {
      @MessageHandler('orders', { retry: { maxAttempts: 3 }, onExhausted })
      handle(): void {
        throw error;
      }
    }
    const harness = await harnessOf([Failing]);

    expect(await harness.deliver({ topic: 'orders', value: {} })).toMatchObject({ outcome, attempts });
  });

  it('counts a handler without a limit as retrying, in the end', async () => {
    class Failing {
      @MessageHandler('orders')
      handle(): void {
        throw new Error('always');
      }
    }
    await harnessOf([Failing]);

    const delivery = await HandlerHarness.of(app!, { maxAttempts: 7 }).deliver({ topic: 'orders', value: {} });

    expect(delivery).toMatchObject({ outcome: 'retrying', attempts: 7 });
  });

  it('hands over bytes that cannot be decoded', async () => {
    class Reads {
      @MessageHandler('orders', { onExhausted: 'skip' })
      handle({ payload }: Message): unknown {
        return payload;
      }
    }
    const harness = await harnessOf([Reads]);

    const { handlers } = await harness.deliver({ topic: 'orders', value: Buffer.from([0xff]) });

    expect(handlers[0]!.errors[0]).toBeInstanceOf(DeserializationError);
  });

  it('takes a message to every handler, up to one that would hold it', async () => {
    class First {
      @MessageHandler('orders', { onExhausted: 'skip' })
      handle(): void {
        throw new SkipMessageError('no');
      }
    }
    class Second {
      @MessageHandler(/^ord/)
      handle(): void {}
    }
    const harness = await harnessOf([First, Second]);

    expect(await harness.deliver({ topic: 'orders', value: {} })).toMatchObject({
      outcome: 'handled',
      handlers: [
        { handler: 'First.handle', outcome: 'skipped' },
        { handler: 'Second.handle', outcome: 'handled' },
      ],
    });
    expect(await harness.deliver({ topic: 'payments', value: {} })).toEqual({
      outcome: 'skipped',
      attempts: 0,
      handlers: [],
    });
  });

  it('makes request-scoped handlers anew, with the message as REQUEST', async () => {
    const seen: unknown[] = [];
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      constructor(@Inject(REQUEST) private readonly request: Message<{ id: number }>) {}
      @MessageHandler('orders')
      handle(): void {
        seen.push(this.request.payload.id);
      }
    }
    const harness = await harnessOf([Scoped]);

    await harness.deliver({ topic: 'orders', value: { id: 1 } });
    await harness.deliver({ topic: 'orders', value: { id: 2 } });

    expect(seen).toEqual([1, 2]);
  });

  it('knows the connections of the application', async () => {
    class Analytics {
      @MessageHandler('clicks', { connection: 'analytics' })
      handle(): void {}
    }
    const imports = ['default', 'analytics'].map((name) =>
      KafkaModule.forRoot({ name, brokers: ['127.0.0.1:1'], autoStart: false }),
    );
    app = await Test.createTestingModule({ imports, providers: [Analytics] }).compile();

    const analytics = HandlerHarness.of(app, { connection: 'analytics' });

    expect(await analytics.deliver({ topic: 'clicks', value: 1 })).toMatchObject({ outcome: 'handled' });
    expect(await HandlerHarness.of(app).deliver({ topic: 'clicks', value: 1 })).toMatchObject({ handlers: [] });
    expect(() => HandlerHarness.of(app!, { connection: 'audit' })).toThrow('no Kafka connection "audit"');
  });

  it.each([
    ['undefined', undefined],
    ['a bigint', 1n],
    ['a function', () => undefined],
  ])('refuses %s as a value, and counts no offset for it', async (_what, value) => {
    const offsets: string[] = [];
    class Orders {
      @MessageHandler('orders')
      handle({ offset }: Message): void {
        offsets.push(offset);
      }
    }
    const harness = await harnessOf([Orders]);

    await expect(harness.deliver({ topic: 'orders', value })).rejects.toThrow(
      'value: expected bytes, text, null or what JSON',
    );
    await harness.deliver({ topic: 'orders', value: new Uint8Array([49]) });

    expect(offsets).toEqual(['0']);
  });

  it('tells what a transactional handler publishes by the attempt that succeeds', async () => {
    class Orders {
      @MessageHandler('orders', { transactional: true, publishTo: 'validated' })
      async created(_message: Message, context: HandlerContext): Promise<object> {
        await context.publish({ topic: 'audit', key: 'k', value: `attempt ${context.attempt}`, headers: { a: 'b' } });
        if (context.attempt === 1) throw new Error('not yet');
        return { valid: true };
      }
    }
    const harness = await harnessOf([Orders]);

    const { outcome, handlers } = await harness.deliver({ topic: 'orders', value: 1, key: 'o' });

    expect([outcome, handlers[0]!.attempts]).toEqual(['handled', 2]);
    expect(handlers[0]!.published).toEqual([
      { topic: 'audit', key: Buffer.from('k'), value: Buffer.from('attempt 2'), headers: { a: 'b' } },
      { topic: 'validated', key: Buffer.from('o'), value: Buffer.from('{"valid":true}'), headers: {} },
    ]);
  });

  it('delivers to a handler of batches, in batches of one', async () => {
    const sizes: number[] = [];
    class Orders {
      @BatchHandler('orders', { deadLetter: true, retry: { maxAttempts: 2 } })
      created(messages: Message[]): void {
        sizes.push(messages.length);
        throw new BatchError([{ message: messages[0]!, error: new TypeError('no') }]);
      }
    }
    const harness = await harnessOf([Orders]);

    const { outcome, handlers } = await harness.deliver({ topic: 'orders', value: 1 });

    expect([outcome, sizes]).toEqual(['dead-lettered', [1, 1]]);
    expect(handlers[0]!.deadLetter!.headers).toMatchObject({ 'error-class': 'TypeError', attempts: '2' });
  });

  it('names a handler that does not settle, and an application without the module', async () => {
    class Stuck {
      @MessageHandler('orders')
      handle(): Promise<void> {
        return new Promise(() => undefined);
      }
    }
    await harnessOf([Stuck]);
    const harness = HandlerHarness.of(app!, { timeoutMs: 20 });

    await expect(harness.deliver({ topic: 'orders', value: 1 })).rejects.toThrow(
      'Stuck.handle did not settle within 20 ms',
    );
    const bare = await Test.createTestingModule({}).compile();
    expect(() => HandlerHarness.of(bare)).toThrow('import KafkaModule.forRoot() in it');
    expect(() => HandlerHarness.of(app!, { maxAttempts: 0 })).toThrow('maxAttempts: expected 1 or more, got 0');
  });
});
