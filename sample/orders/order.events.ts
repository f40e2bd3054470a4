export const ORDERS_CREATED = 'orders.created';
export const ORDERS_UPDATED = 'orders.updated';
export const PAYMENTS_PROCESSED = 'payments.processed';

/** Payload of `orders.created`. Amounts are in cents. */
export interface OrderCreated {
  id: string;
  customer: string;
  item: string;
  quantity: number;
  total: number;
}

/** Payload of `payments.processed`. */
export interface PaymentProcessed {
  orderId: string;
  amount: number;
  method: string;
}

/** Payload of `orders.updated`. */
export interface OrderUpdated {
  id: string;
  status: 'shipped' | 'cancelled';
}
