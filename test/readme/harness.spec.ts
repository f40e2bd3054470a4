import { expect, it, jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { KafkaModule } from '@things-kit/nestjs-kafka';
import { HandlerHarness } from '@things-kit/nestjs-kafka/testing';
import { OrderHandler, OrderRepository } from './app.module.js';

it('saves an order, at the second attempt if the first fails', async () => {
  const app = await Test.createTestingModule({
    imports: [KafkaModule.forRoot({ brokers: ['unused:9092'], autoStart: false })],
    providers: [OrderHandler, OrderRepository],
  }).compile();
  const repository = app.get(OrderRepository);
  jest.spyOn(repository, 'save').mockRejectedValueOnce(new Error('deadlock'));

  const delivery = await HandlerHarness.of(app).deliver({ topic: 'orders.created', value: { id: '1', amount: 5 } });

  expect(delivery).toMatchObject({ outcome: 'handled', attempts: 2 });
  expect(repository.orders.get('1')).toEqual({ id: '1', amount: 5 });
});
