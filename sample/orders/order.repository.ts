import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { OrderCreated, OrderUpdated } from './order.events.js';

/** What the order service knows of an order. */
export interface Order extends OrderCreated {
  paid: boolean;
  status: 'open' | OrderUpdated['status'];
}

/** Milliseconds a write takes, as one to a database would. */
const WRITE_MS = 20;

/** Orders in memory: they are gone when the process ends. */
@Injectable()
export class OrderRepository {
  private readonly orders = new Map<string, Order>();

  find(id: string): Order | undefined {
    return this.orders.get(id);
  }

  all(): Order[] {
    return [...this.orders.values()];
  }

  async insert(order: Order): Promise<void> {
    await delay(WRITE_MS);
    this.orders.set(order.id, order);
  }

  /** Handlers of two topics may change an order at the same time: what is not in `changes` stays as it is. */
  async update(id: string, changes: Partial<Order>): Promise<void> {
    await delay(WRITE_MS);
    const order = this.orders.get(id);
    if (!order) throw new Error(`order ${id} is not known yet`);
    this.orders.set(id, { ...order, ...changes });
  }
}
