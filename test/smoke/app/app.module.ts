import { Injectable, Module } from '@nestjs/common';
import { KafkaModule, Message, MessageHandler } from '@things-kit/nestjs-kafka';

@Injectable()
export class OrderRepository {
  readonly orders: unknown[] = [];
}

@Injectable()
export class OrderHandler {
  constructor(private readonly repository: OrderRepository) {}

  @MessageHandler('orders.created', { retry: { maxAttempts: 3 } })
  created(message: Message<{ id: string }>): void {
    this.repository.orders.push(message.payload.id);
  }
}

/** Set by the smoke test. The broker is an address at which nothing listens. */
const { SMOKE_BROKER = '127.0.0.1:9', SMOKE_AUTO_START } = process.env;

@Module({
  imports: [KafkaModule.forRoot({ brokers: [SMOKE_BROKER], group: 'smoke', autoStart: SMOKE_AUTO_START !== 'false' })],
  providers: [OrderHandler, OrderRepository],
})
export class AppModule {}
