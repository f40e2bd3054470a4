import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { type Consumer, getKafkaConsumerToken, type Message } from '@things-kit/nestjs-kafka';
import { AppModule, OrderHandler, OrderRepository } from './app.module.js';

/** A testing module whose consumer is a stand-in: what was called of it, and what its handler was given. */
export async function bootWithoutBroker(): Promise<{ calls: string[]; orders: unknown[] }> {
  const calls: string[] = [];
  const consumer: Consumer = {
    start: () => Promise.resolve(void calls.push('start')),
    stop: () => Promise.resolve(void calls.push('stop')),
  };
  const builder = Test.createTestingModule({ imports: [AppModule] });
  const module = await builder.overrideProvider(getKafkaConsumerToken()).useValue(consumer).compile();
  await module.init();
  module.get(OrderHandler).created({ payload: { id: 'o-1' } } as Message<{ id: string }>);
  const { orders } = module.get(OrderRepository);
  await module.close();
  return { calls, orders };
}
