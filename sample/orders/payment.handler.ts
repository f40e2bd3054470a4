import { type Handler, Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { ORDERS_PAID, type OrderPaid, PAYMENTS_PROCESSED, type PaymentProcessed } from './order.events.js';
import { OrderService } from './order.service.js';

/**
 * A class with one thing to handle may be the handler itself. Others hear of each paid order once: what it returns is stored in one
 * transaction with the position of its partition.
 */
@MessageHandler(PAYMENTS_PROCESSED, { transactional: true, publishTo: ORDERS_PAID })
export class PaymentHandler implements Handler<PaymentProcessed> {
  constructor(private readonly orders: OrderService) {}

  async handle({ payload }: Message<PaymentProcessed>): Promise<OrderPaid> {
    await this.orders.pay(payload);
    return { id: payload.orderId, amount: payload.amount };
  }
}
