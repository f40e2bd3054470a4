import { afterEach, describe, expect, it } from '@jest/globals';
import { CommitFailedError } from '../../../../lib/engine/client/consumer-client.js';
import type { RecordToSend } from '../../../../lib/engine/client/produce/pending-record.js';
import { ConsumerObserver, type DeadLetteredEvent } from '../../../../lib/messaging/consumer-observer.js';
import { ConsumingApplication, everythingDue, soon } from '../../../support/consuming-application.js';
import { deferred } from '../../../support/deferred.js';

const noRetry = { initialDelayMs: 1, multiplier: 1, maxDelayMs: 1, jitter: 'none' } as const;
const orders = { topic: 'orders', partition: 0 };

function toRecord(value: string): RecordToSend {
  const nothing = { key: null, headers: [], timestamp: 0, compression: 'none' } as const;
  return { ...nothing, topic: 'results', value: Buffer.from(value) };
}

describe('Transactions', () => {
  let application: ConsumingApplication;
  afterEach(() => application.consumer.stop());

  async function consuming(offsets: number[], settings = {}): Promise<ConsumingApplication> {
    application = new ConsumingApplication({
      handler: {
        order: 'unordered',
        serialize: (messages) => Promise.resolve(messages.map(({ value }) => toRecord(String(value)))),
      },
      ...settings,
    });
    void application.consumer.start();
    await application.consumer.prepare(orders);
    application.client.assign(0);
    if (offsets.length > 0) application.client.deliver(0, ...offsets);
    return application;
  }

  /** Ends a handler that has published these. */
  async function succeed(offset: number, ...values: string[]): Promise<void> {
    const { context, end } = await application.handling(`orders-0@${offset}`);
    for (const value of values) await context.publish({ topic: 'results', value });
    end.resolve(undefined);
  }

  it('have an id of group and partition, made ready before the partition is read', async () => {
    await consuming([]);

    expect(application.transactions.initialised).toEqual(['billing/orders-0']);
  });

  it('store what was published with the position, in the order in which records were completed', async () => {
    await consuming([0, 1, 2]);

    await succeed(1, 'b');
    await soon(() => application.transactions.stored.length === 1);
    await succeed(0, 'a1', 'a2');
    await succeed(2);
    await soon(() => application.transactions.stored.at(-1)?.positions[0] === 'orders-0@3');

    expect(application.transactions.stored.flatMap(({ values }) => values)).toEqual(['b', 'a1', 'a2']);
    expect(application.transactions.stored[0]).toEqual({ values: ['b'], positions: ['orders-0@0'] });
    expect(application.client.commits).toEqual([]);
  });

  it('store any number of records', async () => {
    await consuming([0]);

    const { context, end } = await application.handling('orders-0@0');
    for (let count = 0; count < 200_000; count++) void context.publish({ topic: 'results', value: 'a' });
    await everythingDue();
    end.resolve(undefined);
    await soon(() => application.transactions.stored.length === 1);

    expect(application.transactions.stored[0]!.values).toHaveLength(200_000);
  });

  it('gather what is completed while one is under way', async () => {
    await consuming([0, 1, 2, 3]);
    const first = deferred();
    application.transactions.onWrite = () => first.promise;
    await succeed(0, 'a');
    await everythingDue();
    for (const [offset, value] of [
      [1, 'b'],
      [2, 'c'],
      [3, 'd'],
    ] as const)
      await succeed(offset, value);
    await everythingDue();
    first.resolve(undefined);
    await soon(() => application.transactions.stored.length === 2);

    expect(application.transactions.stored.map(({ values }) => values)).toEqual([['a'], ['b', 'c', 'd']]);
  });

  it('that fail lose their partition, and have it read again', async () => {
    await consuming([0]);
    application.transactions.onWrite = () => Promise.reject(new Error('fenced'));

    await succeed(0, 'a');
    await soon(() => application.client.calls.includes('reread orders-0'));

    expect(application.consumer.assignments()).toEqual([]);
    expect(application.transactions.stored).toEqual([]);
    expect(application.logger.at('error')).toEqual([expect.stringContaining('up to orders-0@1 failed: fenced')]);
  });

  it('count what is moved to dead letters once it is stored', async () => {
    const letters: string[] = [];
    class Letters extends ConsumerObserver {
      override deadLettered({ messages }: DeadLetteredEvent): void {
        letters.push(...messages.map(({ offset }) => offset));
      }
    }
    application = new ConsumingApplication({
      handler: { serialize: () => [], deadLetter: {}, retry: { ...noRetry, maxAttempts: 1 } },
      observer: new Letters(),
    });
    void application.consumer.start();
    await application.consumer.prepare(orders);
    application.client.assign(0);
    application.client.deliver(0, 0);
    application.transactions.onWrite = () => Promise.reject(new Error('fenced'));

    await application.failed('orders-0@0');
    await soon(() => application.client.calls.includes('reread orders-0'));
    expect([letters, application.consumer.status().deadLettered]).toEqual([[], 0]);

    application.transactions.onWrite = () => Promise.resolve();
    await application.consumer.prepare(orders);
    application.client.assign(0);
    application.calls.splice(0);
    application.client.deliver(0, 0);
    await application.failed('orders-0@0');
    await soon(() => letters.length > 0);
    expect([letters, application.consumer.status().deadLettered]).toEqual([['0'], 1]);
  });

  it('are repeated when the metadata was too long, without what came of records that it would have told of', async () => {
    await consuming([0, 1]);
    let writes = 0;
    application.transactions.onWrite = () => {
      if (++writes > 1) return Promise.resolve();
      return Promise.reject(new CommitFailedError('too long', [orders], { metadataTooLarge: [orders] }));
    };

    await succeed(1, 'b');
    await soon(() => application.transactions.stored.length > 0);

    expect(application.transactions.stored[0]).toEqual({ values: [], positions: ['orders-0@0'] });
    expect(application.consumer.assignments()).toHaveLength(1);
    await succeed(0, 'a');
    await soon(() => application.transactions.stored.length > 1);
    expect(application.transactions.stored[1]).toEqual({ values: ['b', 'a'], positions: ['orders-0@2'] });
  });

  it('store all before their partition goes on elsewhere', async () => {
    await consuming([0, 1, 2]);
    await succeed(0, 'a');
    await succeed(1, 'b');
    await succeed(2, 'c');

    await application.consumer.seek(orders, 7);

    const { stored } = application.transactions;
    expect(stored.flatMap(({ values }) => values)).toEqual(['a', 'b', 'c']);
    expect(stored.at(-1)).toEqual({ values: [], positions: ['orders-0@7'] });
  });

  it('that fail before their partition goes on elsewhere keep it where it is', async () => {
    await consuming([0]);
    const written = deferred();
    application.transactions.onWrite = () => written.promise;
    await succeed(0, 'a');
    const sought = application.consumer.seek(orders, 7);
    await everythingDue();

    written.reject(new Error('fenced'));

    await expect(sought).rejects.toThrow('orders-0 was given up, lost or moved elsewhere before it was moved');
    expect(application.client.calls.filter((call) => call.startsWith('seek'))).toEqual([]);
    expect(application.consumer.assignments()).toEqual([]);
  });

  it('store all in the shutdown', async () => {
    await consuming([0, 1]);
    await succeed(0, 'a');
    const stopped = application.consumer.stop();
    await succeed(1, 'b');
    await stopped;

    expect(application.transactions.stored.flatMap(({ values }) => values)).toEqual(['a', 'b']);
    expect(application.transactions.stored.at(-1)?.positions).toEqual(['orders-0@2']);
  });
});
