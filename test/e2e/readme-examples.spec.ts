import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { ClientKafka } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { lastValueFrom } from 'rxjs';
import { OrderRepository } from '../readme/app.module.js';
import { bootstrap as bootstrapHybrid } from '../readme/hybrid.js';
import { PriceHandler, PricesModule } from '../readme/prices.js';
import { ReportsModule } from '../readme/reports.js';
import { StockModule, StockRepository } from '../readme/stock.js';
import { TransfersModule } from '../readme/transfers.js';
import { LogRecorder } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { FakeSchemaRegistry } from '../support/fake-schema-registry.js';
import { brokers, committedOffset, createTopic, listTopics, produce, recordsOf, uniqueName } from '../support/kafka.js';
import { NodeProcess } from '../support/processes.js';

describe('the README’s example of', () => {
  const before = { ...process.env };
  let app: INestApplicationContext;
  beforeEach(() => {
    const group = uniqueName('group');
    const settings = { KAFKA_BROKERS: brokers().join(','), KAFKA_GROUP: group, KAFKA_START_FROM_BEGINNING: 'true' };
    Object.assign(process.env, settings);
  });
  afterEach(async () => {
    process.env = { ...before };
    await app.close();
  });

  async function start(module: Type): Promise<void> {
    const testing = await Test.createTestingModule({ imports: [module] })
      .setLogger(new LogRecorder())
      .compile();
    app = await testing.init();
  }

  it('transactions', async () => {
    await createTopic('bookings');
    await createTopic('transfers');
    await produce('transfers', ['{"from":"a","to":"b","amount":5}']);
    await start(TransfersModule);

    const bookings = await recordsOf('bookings', 2);

    expect(bookings.map(({ value }) => JSON.parse(String(value)) as unknown)).toEqual([
      { account: 'a', amount: -5 },
      { account: 'b', amount: 5 },
    ]);
  });

  it('batches', async () => {
    await createTopic('stock.levels');
    await produce('stock.levels', ['{"sku":"a","pieces":1}', '{"sku":"b","pieces":-1}', '{"sku":"c","pieces":3}']);
    await start(StockModule);

    const letters = await recordsOf('stock.levels.dlq', 1);

    expect(letters.map(({ value }) => String(value))).toEqual(['{"sku":"b","pieces":-1}']);
    expect(Object.fromEntries(app.get(StockRepository).levels)).toEqual({ a: 1, c: 3 });
  });

  it('schemas', async () => {
    const registry = await FakeSchemaRegistry.start();
    try {
      const fields = [
        { name: 'sku', type: 'string' },
        { name: 'cents', type: 'int' },
      ];
      registry.add('prices-value', { schema: JSON.stringify({ type: 'record', name: 'Price', fields }) });
      process.env.SCHEMA_REGISTRY_URL = registry.url;
      await createTopic('prices');
      await start(PricesModule);

      await app.get(PriceHandler).change({ sku: 'a', cents: 99 });

      await eventually(() => app.get(PriceHandler).prices.get('a') === 99);
    } finally {
      await registry.stop();
    }
  });

  it('modules that are loaded lazily', async () => {
    await createTopic('reports.requested');
    await createTopic('reports.rendered');
    await produce('reports.requested', ['{"title":"May"}', '{"title":"June"}']);
    await start(ReportsModule);

    const rendered = await recordsOf('reports.rendered', 2);

    expect(rendered.map(({ value }) => String(value))).toEqual(['<h1>May</h1>', '<h1>June</h1>']);
  });
});

describe('the README’s application of the quick start', () => {
  const before = { ...process.env };
  const topic = 'orders.created';
  let group: string;
  beforeEach(async () => {
    group = uniqueName('order-service');
    Object.assign(process.env, { KAFKA_BROKERS: brokers().join(','), KAFKA_GROUP: group });
    process.env.KAFKA_START_FROM_BEGINNING = 'true';
    if (!(await listTopics()).includes(topic)) await createTopic(topic);
    await produce(topic, [JSON.stringify({ id: group, amount: 1 })]);
  });
  afterEach(() => {
    process.env = { ...before };
  });

  it('answers requests of Nest’s own Kafka transport in a hybrid application, and handles its records', async () => {
    await createTopic('price.of');
    await createTopic('price.of.reply');
    const app = await bootstrapHybrid();
    const asking = new ClientKafka({
      client: { brokers: brokers(), logLevel: 0 },
      consumer: { groupId: uniqueName('asking'), maxWaitTimeInMs: 100 },
    });
    try {
      asking.subscribeToResponseOf('price.of');
      await asking.connect();

      expect(await lastValueFrom(asking.send('price.of', { sku: 'a' }))).toEqual({ sku: 'a', cents: 99 });
      await eventually(() => app.get(OrderRepository).orders.has(group));
    } finally {
      await asking.close();
      await app.close();
    }
  });

  it('runs as a worker without HTTP: it ends on SIGTERM with exit code 0, and what it handled is committed', async () => {
    const worker = new NodeProcess('test/readme/worker.ts', []);
    try {
      await eventually(() => worker.output.includes(`Group "${group}" joined; reading ${topic}-0@`), {
        timeoutMs: 20_000,
        message: () => worker.output,
      });
      await eventually(async () => Number(await committedOffset(group, topic)) > 0);
      worker.terminate();

      expect(await worker.exitCode()).toBe(0);
    } finally {
      await worker.kill();
    }
  });
});
