import { Injectable, UseGuards, ValidationPipe } from '@nestjs/common';
import { MessageHandler, MessagePayload } from '@things-kit/nestjs-kafka';
import { OrderCreated, ORDERS_CREATED, ORDERS_UPDATED, OrderUpdated } from './order.events.js';
import { OrderService } from './order.service.js';
import { ShopGuard } from './shop.guard.js';

const validated = new ValidationPipe({ transform: true });

@Injectable()
@UseGuards(ShopGuard)
export class OrderHandler {
  constructor(private readonly orders: OrderService) {}

  @MessageHandler(ORDERS_CREATED)
  async created(@MessagePayload(validated) order: OrderCreated): Promise<void> {
    await this.orders.create(order);
  }

  @MessageHandler(ORDERS_UPDATED)
  async updated(@MessagePayload(validated) update: OrderUpdated): Promise<void> {
    await this.orders.update(update);
  }
}
