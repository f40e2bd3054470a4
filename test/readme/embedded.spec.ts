import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { EmbeddedKafka } from '@things-kit/nestjs-kafka/testing';
import { AppModule, OrderRepository } from './app.module.js';

let kafka: EmbeddedKafka;
let app: TestingModule;

beforeAll(async () => {
  kafka = await EmbeddedKafka.start({ topics: [{ name: 'orders.created', partitions: 4 }] });
  process.env.KAFKA_BROKERS = kafka.brokers.join(',');
  process.env.KAFKA_GROUP = 'billing';
  process.env.KAFKA_START_FROM_BEGINNING = 'true';
  app = await Test.createTestingModule({ imports: [AppModule] }).compile();
  await app.init();
});

afterAll(async () => {
  await app.close();
  await kafka.stop();
});

it('saves the orders of the topic and commits them, also when a broker loses a commit', async () => {
  kafka.faults.fail('OffsetCommit', { error: 'NOT_COORDINATOR_FOR_GROUP', group: 'billing' });
  kafka.produce('orders.created', [{ key: '1', value: JSON.stringify({ id: '1', amount: 5 }) }]);

  await kafka.until(() => kafka.committed('billing', 'orders.created').some(({ offset }) => offset === '1'));

  expect(app.get(OrderRepository).orders.get('1')).toEqual({ id: '1', amount: 5 });
});
