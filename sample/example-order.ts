import type { OrderCreated } from './orders/order.events.js';

const CUSTOMERS = ['Ada', 'Grace', 'Linus', 'Margaret', 'Dennis'];

/** What the shop sells, with its price in cents. */
const MENU = [
  { item: 'espresso', price: 250 },
  { item: 'flat white', price: 420 },
  { item: 'lemon tart', price: 590 },
];

/** The shop's order of this number, from 1. */
export function exampleOrder(number: number, id: string): OrderCreated {
  const { item, price } = MENU[number % MENU.length]!;
  const quantity = 1 + (number % 4);
  return { id, customer: CUSTOMERS[number % CUSTOMERS.length]!, item, quantity, total: quantity * price };
}
