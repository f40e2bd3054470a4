import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { PriceHandler, PricesModule } from '../readme/prices.js';
import { StockModule, StockRepository } from '../readme/stock.js';
import { TransfersModule } from '../readme/transfers.js';
import { LogRecorder } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { FakeSchemaRegistry } from '../support/fake-schema-registry.js';
import { brokers, createTopic, produce, recordsOf, uniqueName } from '../support/kafka.js';

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
});
