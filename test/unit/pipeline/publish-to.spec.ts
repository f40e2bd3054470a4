import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UseFilters } from '@nestjs/common';
import {
  type Message,
  MessageHandler,
  type MessageHandlerOptions,
  type OutgoingMessage,
  Producer,
} from '@things-kit/nestjs-kafka';
import { from, of } from 'rxjs';
import { closeHarness, harnessOf } from '../../support/harness.js';

let published: OutgoingMessage[];
let failures: number;
beforeEach(() => {
  published = [];
  failures = 0;
});
afterEach(closeHarness);

async function deliver(publishTo: MessageHandlerOptions['publishTo'], result: unknown) {
  class Orders {
    @UseFilters({ catch: () => ({ status: 'filtered' }) })
    @MessageHandler('orders', { publishTo })
    validate(): unknown {
      if (result instanceof Error) throw result;
      return result;
    }
  }
  const producer = {
    publishBatch: (messages: OutgoingMessage[]) => {
      if (failures-- > 0) return Promise.reject(new Error('no leader'));
      published.push(...messages);
      return Promise.resolve([]);
    },
    close: () => Promise.resolve(),
  };
  const harness = await harnessOf([Orders], {}, {}, (testing) => testing.overrideProvider(Producer).useValue(producer));
  return harness.deliver({ topic: 'orders', key: 'k', value: 1 });
}

describe('What a handler returns', () => {
  it.each<[string, unknown, unknown]>([
    ['a value', { ok: true }, { ok: true }],
    ['a promise', Promise.resolve(5), 5],
    ['an Observable', from([1, 2, 3]), 3],
    ['null, a tombstone', null, null],
  ])('is published under the key of its message: %s', async (_, result, value) => {
    expect(await deliver('validated', result)).toMatchObject({ outcome: 'handled', attempts: 1 });
    expect(published).toEqual([{ topic: 'validated', key: Buffer.from('k'), value }]);
  });

  it('is not published where it is nothing', async () => {
    await deliver('validated', undefined);
    await closeHarness();
    await deliver(() => undefined, of(1));

    expect(published).toEqual([]);
  });

  it('is not published where an exception filter answers in its place', async () => {
    expect(await deliver('validated', new Error('boom'))).toMatchObject({ outcome: 'handled', attempts: 1 });

    expect(published).toEqual([]);
  });

  it('is made messages by a function', async () => {
    const split = (result: unknown, { topic }: Message): OutgoingMessage[] =>
      (result as number[]).map((value) => ({ topic: `${topic}.split`, value }));
    await deliver(split, [1, 2]);

    expect(published).toEqual([
      { topic: 'orders.split', value: 1 },
      { topic: 'orders.split', value: 2 },
    ]);
  });

  it('that cannot be published fails the attempt', async () => {
    failures = 2;

    expect(await deliver('validated', 1)).toMatchObject({ outcome: 'handled', attempts: 3 });
    expect(published).toHaveLength(1);
  });
});
