import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { BatchHandler, type Message } from '@things-kit/nestjs-kafka';
import { ORDERS_CREATED, type OrderCreated } from '../orders/order.events.js';

/** What was ordered, for those who count: in a group of its own, and many at a time. */
@Injectable()
export class SalesReport implements OnApplicationShutdown {
  private readonly logger = new Logger('Sales');
  private readonly sold = new Map<string, number>();
  private batches = 0;

  @BatchHandler(ORDERS_CREATED, { group: 'sales-report', maxSize: 50, maxWaitMs: 500 })
  count(messages: Message<OrderCreated>[]): void {
    this.batches++;
    for (const { payload } of messages)
      this.sold.set(payload.item, (this.sold.get(payload.item) ?? 0) + payload.quantity);
  }

  onApplicationShutdown(): void {
    const items = [...this.sold].map(([item, quantity]) => `${quantity} × ${item}`);
    this.logger.log(`${items.join(', ') || 'nothing'} ordered, counted in ${this.batches} batches`);
  }
}
