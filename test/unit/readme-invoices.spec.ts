import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { HandlerHarness } from '@things-kit/nestjs-kafka/testing';
import { InvoiceRepository, InvoicesModule } from '../readme/invoices.js';
import { LogRecorder } from '../support/application.js';

const before = { ...process.env };
let app: TestingModule;
beforeEach(async () => {
  Object.assign(process.env, { KAFKA_BROKERS: '127.0.0.1:1', KAFKA_GROUP: 'invoices', KAFKA_AUTO_START: 'false' });
  app = await Test.createTestingModule({ imports: [InvoicesModule] })
    .setLogger(new LogRecorder())
    .compile();
  await app.init();
});
afterEach(async () => {
  process.env = { ...before };
  await app.close();
});

it('the README’s example of nestjs-cls gives each message a store of its own, side by side', async () => {
  const harness = HandlerHarness.of(app);
  const repository = app.get(InvoiceRepository);
  const save = repository.save.bind(repository);
  jest.spyOn(repository, 'save').mockImplementation(async (invoice) => {
    await delay(10); // until all are under way
    await save(invoice);
  });
  const invoices = ['a', 'b', 'c'].map((tenant) => ({
    topic: 'invoices',
    value: { id: `of-${tenant}` },
    headers: { tenant },
  }));

  const deliveries = await Promise.all(invoices.map((invoice) => harness.deliver(invoice)));

  expect(deliveries.map(({ outcome }) => outcome)).toEqual(['handled', 'handled', 'handled']);
  expect(repository.saved.toSorted()).toEqual(['a/of-a', 'b/of-b', 'c/of-c']);
});
