import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { KafkaConsumerService } from '@things-kit/nestjs-kafka';
import { euros } from './euros.js';
import { OrderRepository } from './order.repository.js';

/** Says at the end what was done: the consumer has drained by then. */
@Injectable()
export class OrderSummary implements OnApplicationShutdown {
  private readonly logger = new Logger('Summary');

  constructor(
    private readonly orders: OrderRepository,
    private readonly consumer: KafkaConsumerService,
  ) {}

  onApplicationShutdown(): void {
    const orders = this.orders.all();
    const shipped = orders.filter(({ status }) => status === 'shipped');
    const takings = orders.filter(({ paid }) => paid).reduce((sum, { total }) => sum + total, 0);
    this.logger.log(`${orders.length} orders, ${shipped.length} of them shipped, ${euros(takings)} taken`);
    const { handled = 0, deadLettered = 0, failedAttempts = 0 } = this.consumer.status() ?? {};
    this.logger.log(`${handled} messages handled, ${deadLettered} dead letters, ${failedAttempts} failed attempts`);
  }
}
