import { IsIn, IsInt, IsNotEmpty, IsPositive, IsString } from 'class-validator';

export const ORDERS_CREATED = 'orders.created';
export const ORDERS_UPDATED = 'orders.updated';
export const ORDERS_PAID = 'orders.paid';
export const PAYMENTS_PROCESSED = 'payments.processed';

/** Payload of `orders.created`. Amounts are in cents. */
export class OrderCreated {
  @IsString()
  @IsNotEmpty()
  id!: string;

  @IsString()
  customer!: string;

  @IsString()
  item!: string;

  @IsInt()
  @IsPositive()
  quantity!: number;

  @IsInt()
  @IsPositive()
  total!: number;
}

/** Payload of `payments.processed`. */
export interface PaymentProcessed {
  orderId: string;
  amount: number;
  method: string;
}

/** Payload of `orders.paid`. */
export interface OrderPaid {
  id: string;
  amount: number;
}

/** Payload of `orders.updated`. */
export class OrderUpdated {
  @IsString()
  @IsNotEmpty()
  id!: string;

  @IsIn(['shipped', 'cancelled'])
  status!: 'shipped' | 'cancelled';
}
