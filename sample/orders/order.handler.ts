import { Injectable } from '@nestjs/common';
import { Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { type OrderCreated, ORDERS_CREATED, ORDERS_UPDATED, type OrderUpdated } from './order.events.js';
import { OrderService } from './order.service.js';

@Injectable()
export class OrderHandler {
  constructor(private readonly orders: OrderService) {}

  @MessageHandler(ORDERS_CREATED)
  async created(message: Message<OrderCreated>): Promise<void> {
    await this.orders.create(message.payload);
  }

  @MessageHandler(ORDERS_UPDATED)
  async updated(message: Message<OrderUpdated>): Promise<void> {
    await this.orders.update(message.payload);
  }
}
