import { type Handler, Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { PAYMENTS_PROCESSED, type PaymentProcessed } from './order.events.js';
import { OrderService } from './order.service.js';

/** A class with one thing to handle may be the handler itself. */
@MessageHandler(PAYMENTS_PROCESSED)
export class PaymentHandler implements Handler<PaymentProcessed> {
  constructor(private readonly orders: OrderService) {}

  async handle(message: Message<PaymentProcessed>): Promise<void> {
    await this.orders.pay(message.payload);
  }
}
