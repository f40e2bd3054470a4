import { Injectable, Logger } from '@nestjs/common';
import { euros } from './euros.js';
import type { OrderCreated, OrderUpdated, PaymentProcessed } from './order.events.js';
import { OrderRepository } from './order.repository.js';

@Injectable()
export class OrderService {
  private readonly logger = new Logger('Orders');

  constructor(private readonly orders: OrderRepository) {}

  /** Delivery is at least once: an order that comes again after a crash must not lose what happened to it since. */
  async create(order: OrderCreated): Promise<void> {
    if (this.orders.find(order.id)) return;
    await this.orders.insert({ ...order, paid: false, status: 'open' });
    const { id, quantity, item, customer, total } = order;
    this.logger.log(`${id} created: ${quantity} × ${item} for ${customer}, ${euros(total)}`);
  }

  /** Kafka keeps order in a partition, not among topics: a payment that overtook its order fails, and is tried again. */
  async pay({ orderId, amount, method }: PaymentProcessed): Promise<void> {
    await this.orders.update(orderId, { paid: true });
    this.logger.log(`${orderId} paid:    ${euros(amount)} by ${method}`);
  }

  /** May overtake its order as well. */
  async update({ id, status }: OrderUpdated): Promise<void> {
    await this.orders.update(id, { status });
    this.logger.log(`${id} ${status}`);
  }
}
