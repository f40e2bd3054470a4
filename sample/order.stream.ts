import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { KafkaConsumerService, Producer } from '@things-kit/nestjs-kafka';
import { exampleOrder } from './example-order.js';
import { ORDERS_CREATED, ORDERS_UPDATED, PAYMENTS_PROCESSED } from './orders/order.events.js';
import type { OrderCreated, OrderUpdated, PaymentProcessed } from './orders/order.events.js';
import { OrderRepository } from './orders/order.repository.js';

/** Milliseconds between one event and the next. */
const PACE_MS = 150;
const COMPLETION_TIMEOUT_MS = 60_000;

/** The world around the order service, publishing one event after the other: shop, payment provider, warehouse. */
@Injectable()
export class OrderStream implements OnModuleDestroy {
  private readonly logger = new Logger('Stream');
  private readonly closing = new AbortController();

  /** Tells the orders of this run from those of earlier ones on the same brokers. */
  private readonly series = randomBytes(2).toString('hex');

  constructor(
    private readonly producer: Producer,
    private readonly consumer: KafkaConsumerService,
    private readonly orders: OrderRepository,
  ) {}

  /**
   * Resolves when so many orders are paid and shipped, or the application is closing.
   *
   * @throws Error when not all of them are within a minute of the last one's last event
   */
  async run(count: number): Promise<void> {
    const { signal } = this.closing;
    try {
      await this.untilServed();
      for (let number = 1; number <= count; number++) await this.sell(number);
      await this.untilCompleted(count, Date.now() + COMPLETION_TIMEOUT_MS);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  onModuleDestroy(): void {
    this.closing.abort();
  }

  /** The shop opens when the order service has joined its group; what came before would be read all the same. */
  private async untilServed(): Promise<void> {
    while (!this.consumer.status()?.joined) await this.pause();
  }

  /** The events in the life of an order. They have its id as their key, so that each topic keeps them in order. */
  private async sell(number: number): Promise<void> {
    const order = exampleOrder(number, this.orderId(number));
    const payment: PaymentProcessed = { orderId: order.id, amount: order.total, method: 'card' };
    const update: OrderUpdated = { id: order.id, status: 'shipped' };
    await this.publish(ORDERS_CREATED, order.id, order);
    await this.publish(PAYMENTS_PROCESSED, order.id, payment);
    await this.publish(ORDERS_UPDATED, order.id, update);
  }

  /** An event that is not acknowledged is reported, and the stream goes on: brokers may be away for a while. */
  private async publish(topic: string, key: string, event: OrderCreated | PaymentProcessed | OrderUpdated) {
    this.closing.signal.throwIfAborted();
    try {
      await this.producer.publish({ topic, key, value: event, headers: { source: 'shop' } });
    } catch (error) {
      this.logger.error(`${key} lost an event: ${(error as Error).message}`);
    }
    await this.pause();
  }

  private async untilCompleted(count: number, deadline: number): Promise<void> {
    for (;;) {
      const completed = this.completedOf(count);
      if (completed === count) return;
      if (Date.now() > deadline) throw new Error(`Only ${completed} of ${count} orders were paid and shipped in time`);
      await this.pause();
    }
  }

  private completedOf(count: number): number {
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    return numbers.filter((number) => {
      const order = this.orders.find(this.orderId(number));
      return order?.paid && order.status === 'shipped';
    }).length;
  }

  private orderId(number: number): string {
    return `${this.series}-${String(number).padStart(3, '0')}`;
  }

  private async pause(): Promise<void> {
    await delay(PACE_MS, undefined, { signal: this.closing.signal });
  }
}
