import { Injectable, Module } from '@nestjs/common';
import { KafkaModule, MessageHandler, type HandlerContext, type Message } from '@things-kit/nestjs-kafka';

interface OrderCreated {
  id: string;
  amount: number;
}

@Injectable()
export class OrderRepository {
  readonly orders = new Map<string, OrderCreated>();

  save(order: OrderCreated, options: { signal: AbortSignal }): Promise<void> {
    options.signal.throwIfAborted();
    this.orders.set(order.id, order);
    return Promise.resolve();
  }
}

@Injectable()
export class OrderHandler {
  constructor(private readonly orders: OrderRepository) {}

  @MessageHandler('orders.created', { retry: { maxDelayMs: 10_000 } })
  async created(message: Message<OrderCreated>, context: HandlerContext): Promise<void> {
    await this.orders.save(message.payload, { signal: context.signal });
  }
}

@Module({
  imports: [KafkaModule.forRootAsync()],
  providers: [OrderHandler, OrderRepository],
})
export class AppModule {}
