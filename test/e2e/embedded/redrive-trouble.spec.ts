import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { DeadLetterService, type Message, MessageHandler, NonRetriableError } from '@things-kit/nestjs-kafka';
import { EmbeddedKafka } from '@things-kit/nestjs-kafka/testing';
import { LogRecorder, startApplication } from '../../support/application.js';
import { eventually } from '../../support/eventually.js';

/** On an embedded broker of its own, whatever the run's broker is: it fails on demand. */
describe('a redrive in trouble', () => {
  let kafka: EmbeddedKafka;
  let logger: LogRecorder;
  let broken: boolean;
  let handled: string[];
  const apps: INestApplicationContext[] = [];

  class Orders {
    @MessageHandler(['orders', 'others'], { deadLetter: { topic: 'dead' } })
    created({ value }: Message): void {
      if (broken) throw new NonRetriableError('no');
      handled.push(value!.length > 100 ? 'large' : value!.toString());
    }
  }

  beforeEach(async () => {
    broken = true;
    handled = [];
    logger = new LogRecorder();
    kafka = await EmbeddedKafka.start({ brokers: 1, autoCreateTopics: false });
    for (const name of ['orders', 'others']) kafka.createTopic({ name, partitions: 1, replicationFactor: 1 });
  });
  afterEach(async () => {
    kafka.faults.clear();
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await kafka.stop();
  });

  async function start(group: string, handlers: Type[]): Promise<INestApplicationContext> {
    const app = await startApplication({ brokers: kafka.brokers, group, requestTimeoutMs: 2_000 }, handlers, logger);
    apps.push(app);
    return app;
  }
  const lettersOf = (): number => (kafka.topics().includes('dead') ? kafka.records('dead').length : 0);

  /** An application that has given up on so many orders, and would handle them now. */
  async function mended(count: number): Promise<DeadLetterService> {
    const app = await start('billing', [Orders]);
    kafka.produce(
      'orders',
      Array.from({ length: count }, (_, i) => ({ value: String(i) })),
    );
    await eventually(() => lettersOf() === count);
    broken = false;
    return app.get(DeadLetterService);
  }

  it('hides nothing from another group’s handler of the dead-letter topic', async () => {
    const watched: string[] = [];
    class Watch {
      @MessageHandler('dead')
      dead({ offset }: Message): void {
        watched.push(offset);
      }
    }
    kafka.createTopic({ name: 'dead', partitions: 1, replicationFactor: 1 });
    await start('alerts', [Watch]);
    const service = await mended(1);
    broken = true;

    await service.redrive('dead');

    await eventually(() => watched.length === 2);
  });

  it('means nothing in a topic to which its headers are forwarded', async () => {
    kafka.createTopic({ name: 'enriched', partitions: 1, replicationFactor: 1 });
    const seen: string[] = [];
    class Enriched {
      @MessageHandler('enriched')
      enriched({ value }: Message): void {
        seen.push(value!.toString());
      }
    }
    await start('shipping', [Enriched]);
    const headers = { 'redrive-topic': 'orders', 'redrive-group': 'billing', 'redrive-count': '1' };
    kafka.produce('enriched', [{ value: '1', headers }]);

    await eventually(() => expect(seen).toEqual(['1']));
  });

  it('leaves what the broker does not take where it is, names it, and moves the rest', async () => {
    const app = await start('billing', [Orders]);
    const limit = 1_048_588;
    kafka.produce('orders', [{ value: 'first' }, { value: randomBytes(limit - 60) }, { value: 'last' }]);
    await eventually(() => lettersOf() === 3);
    broken = false;

    const done = await app.get(DeadLetterService).redrive('dead');

    expect(done).toMatchObject({ moved: 2, failed: 1, scanned: 3, finished: true });
    await eventually(() => expect(handled).toEqual(['first', 'last']));
    expect(logger.find('error', 'dead-0@1 cannot go back to orders, and stays where it is')).toHaveLength(1);
  }, 60_000);

  it('leaves letters of a topic that is gone, and moves the rest', async () => {
    const app = await start('billing', [Orders]);
    kafka.produce('others', [{ value: 'gone' }]);
    await eventually(() => lettersOf() === 1);
    kafka.produce('orders', [{ value: '1' }, { value: '2' }]);
    await eventually(() => lettersOf() === 3);
    broken = false;
    kafka.deleteTopic('others');

    const done = await app.get(DeadLetterService).redrive('dead');

    expect(done).toMatchObject({ moved: 2, failed: 1, finished: true });
    await eventually(() => expect(handled).toEqual(['1', '2']));
  }, 90_000);

  it('goes on when onProgress throws', async () => {
    const service = await mended(3);
    const onProgress = (): never => {
      throw new Error('mine');
    };

    expect(await service.redrive('dead', { dryRun: true, onProgress })).toMatchObject({ moved: 3, scanned: 3 });
    expect(await service.redrive('dead', { onProgress })).toMatchObject({ moved: 3, scanned: 3, finished: true });
    await eventually(() => expect(handled).toEqual(['0', '1', '2']));
    expect(logger.find('error', 'onProgress has thrown, the redrive goes on: Error: mine').length).toBeGreaterThan(0);
  });

  it('moves nothing for a signal that was aborted before, and tells at any rate what it would move', async () => {
    const service = await mended(3);

    expect(await service.redrive('dead', { signal: AbortSignal.abort() })).toMatchObject({ moved: 0, finished: false });
    expect(await service.redrive('dead', { dryRun: true, rate: 0.001 })).toMatchObject({ moved: 3, finished: true });
  });

  it('keeps to its limit, and counts right, when the answer to a transaction is lost', async () => {
    const service = await mended(40);
    let isFirst = true;
    const onProgress = (): void => {
      if (isFirst) kafka.faults.disconnect('EndTxn', { when: 'after', times: 1 });
      isFirst = false;
    };

    expect((await service.redrive('dead', { limit: 10, rate: 20, onProgress })).moved).toBe(10);
    expect((await service.redrive('dead')).moved).toBe(30);
    await eventually(() => handled.length === 40);
    expect(new Set(handled).size).toBe(40);
  }, 30_000);

  it('ends when its signal is aborted, or the application, though no answer comes', async () => {
    const service = await mended(3);
    const hanging = kafka.faults.delay('Fetch', 60_000, { times: Infinity, topic: 'dead' });
    const stopping = new AbortController();

    const bySignal = service.redrive('dead', { signal: stopping.signal });
    const byEnd = service.redrive('dead', { partition: 0 });
    const listing = service.list('dead', {}, stopping.signal);
    await eventually(() => hanging.hits >= 3);
    stopping.abort();

    expect(await bySignal).toMatchObject({ moved: 0, finished: false });
    await expect(listing).rejects.toThrow('stopped before the end');
    const [app] = apps.splice(0);
    await app!.close();
    expect(await byEnd).toMatchObject({ moved: 0, finished: false });
  }, 30_000);

  it('waits for a coordinator that still writes down the end of the transaction before', async () => {
    const service = await mended(3);
    const busy = kafka.faults.fail('AddOffsetsToTxn', { error: 'CONCURRENT_TRANSACTIONS', times: 12 });

    expect(await service.redrive('dead')).toMatchObject({ moved: 3, finished: true });
    expect(busy.hits).toBe(12);
    expect(logger.find('warn', 'Redriving failed')).toEqual([]);
  });

  it('survives a broker that is lost while it looks what there is', async () => {
    const service = await mended(3);
    kafka.faults.disconnect('ListOffsets', { when: 'before', times: 2 });

    expect(await service.redrive('dead')).toMatchObject({ moved: 3, finished: true });
  });

  it('tells at once that there is no such topic', async () => {
    const service = await mended(1);

    await expect(service.redrive('ded')).rejects.toThrow('Topic "ded" cannot be read');
  });

  it('is the same job by filters that say the same', async () => {
    const service = await mended(1);
    const jobs = [];
    for (const filter of [{}, { fromOffset: 0 }, { headers: {} }, { toOffset: undefined }]) {
      jobs.push((await service.redrive('dead', filter)).job);
    }

    expect(new Set(jobs).size).toBe(1);
    expect((await service.redrive('dead', { fromOffset: 1 })).job).not.toBe(jobs[0]);
  });
});
