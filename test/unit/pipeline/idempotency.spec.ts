import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type HandlerContext,
  IdempotencyStore,
  InMemoryIdempotencyStore,
  type Message,
  MessageHandler,
  type MessageHandlerOptions,
} from '@things-kit/nestjs-kafka';
import { closeHarness, harnessOf } from '../../support/harness.js';

let store: InMemoryIdempotencyStore;
let effects: string[];
beforeEach(() => {
  store = new InMemoryIdempotencyStore();
  effects = [];
});
afterEach(closeHarness);

async function harnessWith(idempotent: MessageHandlerOptions['idempotent'], fails = 0) {
  class Payments {
    @MessageHandler('payments', { idempotent })
    paid({ value }: Message, { idempotencyKey, attempt }: HandlerContext): void {
      if (attempt <= fails) throw new Error('not yet');
      effects.push(`${value!.toString()} ${idempotencyKey}`);
    }
  }
  return harnessOf([Payments, { provide: IdempotencyStore, useValue: store }]);
}

describe('An idempotent handler', () => {
  it('has its effect once for a record that comes again', async () => {
    const harness = await harnessWith(true);
    const record = { topic: 'payments', value: '1', offset: 5 };

    await harness.deliver(record);
    expect(await harness.deliver(record)).toMatchObject({ outcome: 'handled' });
    await harness.deliver({ ...record, offset: 6 });

    const key = 'billing:Payments.paid:payments-0@';
    expect(effects).toEqual([`1 ${key}5`, `1 ${key}6`]);
  });

  it('knows messages by a key of its own', async () => {
    const harness = await harnessWith({ key: ({ headers }) => String(headers.id) });

    for (const id of ['a', 'b', 'a']) await harness.deliver({ topic: 'payments', value: id, headers: { id } });

    expect(effects).toEqual(['a billing:Payments.paid:a', 'b billing:Payments.paid:b']);
  });

  it('is not remembered before it has succeeded', async () => {
    const harness = await harnessWith(true, 2);

    expect(await harness.deliver({ topic: 'payments', value: '1' })).toMatchObject({ outcome: 'handled', attempts: 3 });
    expect(effects).toHaveLength(1);
  });

  it('remembers by itself if it says so', async () => {
    const harness = await harnessWith({ remember: 'handler' });
    const record = { topic: 'payments', value: '1', offset: 5 };

    await harness.deliver(record);
    await harness.deliver(record);
    await store.remember('billing:Payments.paid:payments-0@5');
    await harness.deliver(record);

    expect(effects).toHaveLength(2);
  });

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['nothing', () => null],
    ['""', () => ''],
    ['NaN', () => NaN],
    ['a mapping', () => ({ id: 1 })],
    ['a promise', () => Promise.reject(new Error('unheard'))],
  ])('takes no message for another because its key is %s: it is never retried', async (what, key) => {
    const harness = await harnessWith({ key: key as () => string });

    const { outcome, attempts, handlers } = await harness.deliver({ topic: 'payments', value: '1' });

    expect({ outcome, attempts, effects }).toEqual({ outcome: 'retrying', attempts: 1, effects: [] });

    expect(String(handlers[0]!.errors[0])).toBe(
      `NonRetriableError: idempotent.key: expected text that is not empty, got ${what}`,
    );
  });

  it('stops the start without a store', async () => {
    class Payments {
      @MessageHandler('payments', { idempotent: true })
      paid(): void {}
    }

    await expect(harnessOf([Payments])).rejects.toThrow(
      'Payments.paid is idempotent, and no module provides an IdempotencyStore',
    );
  });

  it('that names none of its keys has none', async () => {
    const keys: unknown[] = [];
    class Payments {
      @MessageHandler('payments')
      paid(_: Message, { idempotencyKey }: HandlerContext): void {
        keys.push(idempotencyKey);
      }
    }
    await (await harnessOf([Payments])).deliver({ topic: 'payments', value: '1' });

    expect(keys).toEqual([undefined]);
  });
});

describe('InMemoryIdempotencyStore', () => {
  it('forgets the oldest keys past its limit', async () => {
    const small = new InMemoryIdempotencyStore(2);
    for (const key of ['a', 'b', 'b', 'c']) await small.remember(key);

    expect(await Promise.all(['a', 'b', 'c'].map((key) => small.seen(key)))).toEqual([false, true, true]);
  });
});
