import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Consumer, type Handler, type HandlerContext, type Message, Producer } from '@things-kit/nestjs-kafka';
import { InMemoryModule } from '../readme/in-memory-broker.js';
import { eventually } from '../support/eventually.js';

const calls: string[] = [];

@Injectable()
class OrderHandler implements Handler<{ id: number }> {
  handle({ payload, headers }: Message<{ id: number }>, { attempt }: HandlerContext): void {
    calls.push(`${payload.id} ${String(headers.type)} #${attempt}`);
    if (payload.id === 1 && attempt < 3) throw new Error('again');
  }
}

@Injectable()
class Shop {
  constructor(
    readonly producer: Producer,
    readonly consumer: Consumer,
  ) {}
}

describe('another broker', () => {
  it('serves an application that knows only Consumer, Producer and Handler', async () => {
    const app = await Test.createTestingModule({
      imports: [InMemoryModule.forRoot({ 'orders.created': OrderHandler })],
      providers: [OrderHandler, Shop],
    }).compile();
    const { producer, consumer } = app.get(Shop);
    const order = (id: number) => ({
      topic: 'orders.created',
      value: JSON.stringify({ id }),
      headers: { type: 'new' },
    });

    await producer.publishBatch([order(1), order(2), { topic: 'unknown', value: null }, order(3)]);
    await consumer.start();
    await eventually(() => calls.length === 5);
    await consumer.stop();
    await producer.publish(order(4));

    expect(calls).toEqual(['1 new #1', '1 new #2', '1 new #3', '2 new #1', '3 new #1']);
  });
});
