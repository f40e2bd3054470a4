import { afterEach, describe, expect, it } from '@jest/globals';
import {
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  ParseIntPipe,
  type PipeTransform,
  ValidationPipe,
} from '@nestjs/common';
import {
  ConsumedMessage,
  HandlerBindingError,
  HandlerContext,
  Message,
  MessageContext,
  MessageHandler,
  MessageHeader,
  MessageHeaders,
  MessageKey,
  MessagePayload,
} from '@things-kit/nestjs-kafka';
import { Type } from 'class-transformer';
import { IsInt, IsString, ValidateNested } from 'class-validator';
import { closeHarness, harnessOf } from '../../support/harness.js';

class Customer {
  @IsString()
  name!: string;
}

class OrderCreated {
  @IsInt()
  amount!: number;

  @ValidateNested()
  @Type(() => Customer)
  customer!: Customer;
}

const order = { amount: 5, customer: { name: 'Ada' } };

describe('The parameters of a handler', () => {
  let received: unknown[] = [];
  afterEach(async () => {
    received = [];
    await closeHarness();
  });

  it('are filled by their decorators, in any order, beside those of the application', async () => {
    const Tenant = createParamDecorator((data: string, context: ExecutionContext) => {
      const [message] = context.getArgs<[Message]>();
      return `${data}:${String(message.headers.tenant)}:${context.getType<string>()}`;
    });
    @Injectable()
    class Orders {
      @MessageHandler('orders')
      created(
        @MessageHeader('type') type: string,
        @MessageContext() context: HandlerContext,
        @MessagePayload() payload: unknown,
        @Tenant('of') tenant: string,
        @MessagePayload('amount') amount: number,
        @MessageKey() key: string,
        @MessageKey() bytes: Buffer,
        @MessageKey('utf8') text: string | null,
        @MessageKey('utf8', new ParseIntPipe()) number: number | null,
        @MessageHeaders() headers: Record<string, string>,
        @ConsumedMessage() message: Message,
      ): void {
        received = [
          type,
          context.attempt,
          payload,
          tenant,
          amount,
          key,
          bytes,
          text,
          number,
          { ...headers },
          message.offset,
        ];
      }
    }
    const harness = await harnessOf([Orders]);

    await harness.deliver({ topic: 'orders', key: '7', value: order, headers: { type: 'x', tenant: 't' } });

    const headers = { type: 'x', tenant: 't' };
    expect(received).toEqual(['x', 1, order, 'of:t:kafka', 5, '7', Buffer.from('7'), '7', 7, headers, '0']);
  });

  it('are those of the class, also where another has its name and a method of the same name', async () => {
    const namesakes = [MessageHeader('tenant'), MessageKey()].map((Parameter, index) => {
      @Injectable()
      class Orders {
        @MessageHandler(`orders.${index}`)
        created(@Parameter value: string): void {
          received.push(value);
        }
      }
      return Orders;
    });
    const harness = await harnessOf(namesakes);

    for (const topic of ['orders.0', 'orders.1'])
      await harness.deliver({ topic, key: 'k', value: 1, headers: { tenant: 't' } });

    expect(received).toEqual(['t', 'k']);
  });

  it('are null or undefined where the message has nothing for them', async () => {
    @Injectable()
    class Orders {
      @MessageHandler('orders')
      created(
        @MessageKey() key: string,
        @MessageHeader('type') type: string,
        @MessagePayload() payload: unknown,
        @MessagePayload('amount') amount: number,
      ): void {
        received = [key, type, payload, amount];
      }
    }
    await (await harnessOf([Orders])).deliver({ topic: 'orders', value: null });

    expect(received).toEqual([null, undefined, null, undefined]);
  });

  it('go through their pipes', async () => {
    @Injectable()
    class Orders {
      @MessageHandler('orders')
      created(
        @MessageHeader('version', ParseIntPipe) version: number,
        @MessagePayload('amount', new ParseIntPipe()) amount: number,
        @MessagePayload(new ValidationPipe({ transform: true })) payload: OrderCreated,
      ): void {
        received = [version, amount, payload];
      }
    }
    await (await harnessOf([Orders])).deliver({ topic: 'orders', value: order, headers: { version: '7' } });

    expect(received.slice(0, 2)).toEqual([7, 5]);
    expect(received[2]).toBeInstanceOf(OrderCreated);
    expect((received[2] as OrderCreated).customer).toBeInstanceOf(Customer);
  });

  it('go through a pipe that has a member of the name schema', async () => {
    class Parse implements PipeTransform {
      constructor(private readonly schema: { parse: (value: unknown) => unknown }) {}

      transform(value: unknown): unknown {
        return this.schema.parse(value);
      }
    }
    @Injectable()
    class Orders {
      @MessageHandler('orders')
      created(@MessagePayload(new Parse({ parse: () => 'parsed' })) payload: unknown): void {
        received = [payload];
      }
    }
    await (await harnessOf([Orders])).deliver({ topic: 'orders', value: order });

    expect(received).toEqual(['parsed']);
  });

  it('that are not valid are never retried, and the reason is told', async () => {
    @Injectable()
    class Orders {
      @MessageHandler('orders', { deadLetter: true, retry: { maxAttempts: 9 } })
      created(@MessagePayload(ValidationPipe) _payload: OrderCreated): void {
        received.push('called');
      }
    }
    const harness = await harnessOf([Orders]);

    const { outcome, attempts, handlers } = await harness.deliver({
      topic: 'orders',
      value: { amount: 'five', customer: { name: 5 } },
    });

    expect({ outcome, attempts, received }).toEqual({ outcome: 'dead-lettered', attempts: 1, received: [] });
    expect(handlers[0]!.deadLetter!.headers).toMatchObject({
      'error-class': 'MessageRefusedError',
      error: 'BadRequestException: amount must be an integer number; customer.name must be a string',
    });
  });

  it('that cannot be decoded are never retried either', async () => {
    @Injectable()
    class Orders {
      @MessageHandler('orders', { deadLetter: true })
      created(@MessagePayload() _payload: unknown): void {}
    }
    const { outcome, attempts, handlers } = await (await harnessOf([Orders])).deliver({ topic: 'orders', value: '{' });

    expect({ outcome, attempts }).toEqual({ outcome: 'dead-lettered', attempts: 1 });
    expect(handlers[0]!.deadLetter!.headers['error-class']).toBe('DeserializationError');
  });

  it('stop the start where some are decorated and some are not', async () => {
    @Injectable()
    class Orders {
      @MessageHandler('orders')
      created(@MessagePayload() _payload: unknown, _context: HandlerContext, _more: unknown): void {}
    }
    const start = harnessOf([Orders]);

    await expect(start).rejects.toThrow(HandlerBindingError);
    await expect(start).rejects.toThrow(
      'Orders.created has parameters with a decorator and some without (number 2, 3), which would be undefined; decorate all',
    );
  });
});
