import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { Producer } from '@things-kit/nestjs-kafka';
import { startTestBroker, type TestBroker } from '@things-kit/nestjs-kafka/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { AppModule, OrderRepository } from './app.module.js';

let kafka: TestBroker;
let app: TestingModule;

beforeAll(async () => {
  kafka = await startTestBroker({ kind: 'docker' }); // or leave the kind to KAFKA_TEST_BROKER
  process.env.KAFKA_BROKERS = kafka.brokers.join(',');
  process.env.KAFKA_GROUP = 'billing';
  process.env.KAFKA_START_FROM_BEGINNING = 'true';
  app = await Test.createTestingModule({ imports: [AppModule] }).compile();
  await app.init();
}, 120_000);

afterAll(async () => {
  await app.close();
  await kafka.stop();
});

it('saves the orders of the topic', async () => {
  const order = { id: '1', amount: 5 };
  await app.get(Producer).publish({ topic: 'orders.created', key: order.id, value: JSON.stringify(order) });

  const { orders } = app.get(OrderRepository);
  for (let tries = 0; !orders.has('1') && tries < 100; tries++) await delay(100);
  expect(orders.get('1')).toEqual(order);
});
