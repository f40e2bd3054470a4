import { describe, expect, it } from '@jest/globals';
import { MessageHandler, type MessageHandlerMetadata } from '../../../lib/decorators/message-handler.decorator.js';
import { MESSAGE_HANDLER_METADATA } from '../../../lib/kafka.constants.js';
import { MessagingError } from '../../../lib/messaging/errors.js';

describe('@MessageHandler', () => {
  it('writes its topics and options on the method', () => {
    class Orders {
      @MessageHandler('orders', { onExhausted: 'skip' })
      created() {}
    }

    expect(usesOn(Orders.prototype.created)).toEqual([{ topics: ['orders'], options: { onExhausted: 'skip' } }]);
  });

  it.each([
    ['a name', 'orders', ['orders']],
    ['a RegExp', /orders/, [/orders/]],
    ['a list', ['orders', /payments/], ['orders', /payments/]],
  ])('takes %s', (_, topics, expected) => {
    class Orders {
      @MessageHandler(topics)
      created() {}
    }

    expect(usesOn(Orders.prototype.created)).toEqual([{ topics: expected, options: {} }]);
  });

  it('can be used more than once on a method', () => {
    class Orders {
      @MessageHandler('orders.created')
      @MessageHandler('orders.updated')
      changed() {}
    }

    const topics = usesOn(Orders.prototype.changed).flatMap((use) => use.topics);

    expect(topics.sort()).toEqual(['orders.created', 'orders.updated']);
  });

  it('writes on a class', () => {
    @MessageHandler('orders')
    class Orders {
      handle() {}
    }

    expect(usesOn(Orders)).toEqual([{ topics: ['orders'], options: {} }]);
    expect(usesOn(Orders.prototype.handle)).toEqual([]);
  });

  it('leaves the method as it is', () => {
    class Orders {
      @MessageHandler('orders')
      created(first: string, second: string) {
        return first + second;
      }
    }

    expect(new Orders().created('a', 'b')).toBe('ab');
    expect(Orders.prototype.created).toHaveLength(2);
  });

  const decorate = MessageHandler('orders') as PropertyDecorator & MethodDecorator;

  it('refuses a property', () => {
    class Orders {}

    expect(() => decorate(Orders.prototype, 'created')).toThrow(MessagingError);
    expect(() => decorate(Orders.prototype, 'created')).toThrow(
      'Orders.created is decorated with @MessageHandler but is no instance method',
    );
  });

  it('refuses an accessor', () => {
    class Orders {
      get created(): number {
        return 1;
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, 'created')!;

    expect(() => decorate(Orders.prototype, 'created', descriptor)).toThrow('Orders.created is decorated');
  });

  it('refuses a static method, which no instance has', () => {
    class Orders {
      static created() {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Orders, 'created')!;

    expect(() => decorate(Orders, 'created', descriptor)).toThrow('Orders.created is decorated');
  });

  it('refuses a method named by a symbol, which Nest does not find', () => {
    const created = Symbol('created');
    class Orders {
      [created]() {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, created)!;

    expect(() => decorate(Orders.prototype, created, descriptor)).toThrow('Orders.Symbol(created) is decorated');
  });
});

function usesOn(holder: object): MessageHandlerMetadata[] {
  return (Reflect.getOwnMetadata(MESSAGE_HANDLER_METADATA, holder) ?? []) as MessageHandlerMetadata[];
}
