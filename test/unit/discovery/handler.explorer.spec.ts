import { Controller, Inject, Injectable, Module, Scope, type ModuleMetadata } from '@nestjs/common';
import { DiscoveryModule, REQUEST } from '@nestjs/core';
import { EventPattern } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EMPTY, NEVER, of, Subject, throwError } from 'rxjs';
import { MessageHandler } from '../../../lib/decorators/message-handler.decorator.js';
import type { HandlerDefinition } from '../../../lib/discovery/handler-definition.js';
import { HandlerPipeline } from '../../../lib/discovery/handler.pipeline.js';
import { HandlerExplorer } from '../../../lib/discovery/handler.explorer.js';
import { HandlerMetadataAccessor } from '../../../lib/discovery/handler-metadata.accessor.js';
import { KAFKA_SETTINGS } from '../../../lib/kafka.constants.js';
import { KafkaMessage } from '../../../lib/engine/decode/kafka-message.js';
import type { HandlerContext } from '../../../lib/messaging/handler-context.js';
import type { Message } from '../../../lib/messaging/message.js';
import { recordAt } from '../../support/records.js';

const context = { attempt: 1, group: 'billing', handler: 'A.b' } as HandlerContext;
const messageAt = (offset: number) => new KafkaMessage(recordAt(offset));

/** What handlers were called with, and by which instance. */
let calls: { instance: object; args: unknown[] }[];

beforeEach(() => {
  calls = [];
});

describe('HandlerExplorer finds', () => {
  it('methods of providers and of controllers', async () => {
    @Injectable()
    class Orders {
      @MessageHandler('orders')
      created() {}
    }
    @Controller()
    class Payments {
      @MessageHandler('payments')
      processed() {}
    }

    const found = await explore({ providers: [Orders], controllers: [Payments] });

    expect(described(found)).toEqual(['Orders.created: orders', 'Payments.processed: payments']);
  });

  it('handlers of imported modules', async () => {
    @Injectable()
    class Orders {
      @MessageHandler('orders')
      created() {}
    }
    @Module({ providers: [Orders] })
    class OrdersModule {}

    expect(described(await explore({ imports: [OrdersModule] }))).toEqual(['Orders.created: orders']);
  });

  it('a class by its method handle', async () => {
    @MessageHandler('orders')
    @Injectable()
    class Orders {
      handle(...args: unknown[]) {
        calls.push({ instance: this, args });
      }
    }

    const [handler] = await explore({ providers: [Orders] });
    await handler!.handle!(messageAt(1), context);

    expect(handler!.name).toBe('Orders.handle');
    expect(calls).toHaveLength(1);
  });

  it('a class without a method handle, for the router to refuse', async () => {
    @MessageHandler('orders')
    @Injectable()
    class Orders {}

    const [handler] = await explore({ providers: [Orders] });

    expect(handler).toMatchObject({ name: 'Orders.handle', handle: undefined });
  });

  it('each use of the decorator', async () => {
    @Injectable()
    class Orders {
      @MessageHandler('orders.created', { onExhausted: 'skip' })
      @MessageHandler(['orders.updated', /^orders\.eu/])
      changed() {}
    }

    const found = await explore({ providers: [Orders] });

    expect(described(found).sort()).toEqual([
      'Orders.changed: orders.created',
      'Orders.changed: orders.updated,/^orders\\.eu/',
    ]);
    expect(found.find(({ topics }) => topics[0] === 'orders.created')!.options).toEqual({ onExhausted: 'skip' });
  });

  it('an aliased provider once, under its own name', async () => {
    @Injectable()
    class Orders {
      @MessageHandler('orders')
      created() {}
    }

    const found = await explore({
      providers: [{ provide: 'FIRST', useExisting: Orders }, Orders, { provide: 'SECOND', useExisting: Orders }],
    });

    expect(described(found)).toEqual(['Orders.created: orders']);
  });

  it('providers made by a factory, awaited or not, and given values', async () => {
    class Orders {
      constructor(readonly origin: string) {}

      @MessageHandler('orders')
      created(...args: unknown[]) {
        calls.push({ instance: this, args });
      }
    }

    const found = await explore({
      providers: [
        { provide: 'FACTORY', useFactory: () => new Orders('factory') },
        { provide: 'LATER', useFactory: () => Promise.resolve(new Orders('later')) },
        { provide: 'VALUE', useValue: new Orders('value') },
      ],
    });
    for (const { handle } of found) await handle!(messageAt(1), context);

    expect(calls.map(({ instance }) => (instance as Orders).origin)).toEqual(['factory', 'later', 'value']);
  });

  it('inherited methods, but none that was overridden without the decorator', async () => {
    class Base {
      @MessageHandler('orders')
      created(...args: unknown[]) {
        calls.push({ instance: this, args });
      }

      @MessageHandler('payments')
      processed() {}
    }
    @Injectable()
    class Orders extends Base {
      override processed() {}
    }

    const found = await explore({ providers: [Orders] });
    await found[0]!.handle!(messageAt(1), context);

    expect(described(found)).toEqual(['Orders.created: orders']);
    expect(calls[0]!.instance).toBeInstanceOf(Orders);
  });

  it('a method called like a property of every object', async () => {
    @Injectable()
    class Orders {
      @MessageHandler('orders')
      valueOf() {
        return 'handled';
      }
    }

    expect(described(await explore({ providers: [Orders] }))).toEqual(['Orders.valueOf: orders']);
  });

  it('nothing in providers that are no objects, in objects without a prototype, and in frozen ones', async () => {
    const values: unknown[] = [
      undefined,
      null,
      0,
      'text',
      () => undefined,
      Object.create(null),
      Object.freeze({}),
      Symbol('s'),
    ];

    const found = await explore({ providers: values.map((useValue, n) => ({ provide: `VALUE_${n}`, useValue })) });

    expect(found).toEqual([]);
  });

  it('nothing in methods that belong to a microservice of Nest, and leaves getters alone', async () => {
    @Controller()
    class Orders {
      @EventPattern('orders')
      created(_data: unknown) {}

      get dangerous(): never {
        throw new Error('a getter was called');
      }
    }

    expect(await explore({ controllers: [Orders] })).toEqual([]);
  });
});

describe('A handler found by HandlerExplorer', () => {
  it('is called with message and context, on its instance', async () => {
    @Injectable()
    class Orders {
      @MessageHandler('orders')
      created(...args: unknown[]) {
        calls.push({ instance: this, args });
        return 'result';
      }
    }
    const message = messageAt(1);

    const [handler] = await explore({ providers: [Orders] });

    expect(handler!.handle!(message, context)).toBe('result');
    expect(calls).toEqual([{ instance: module.get(Orders), args: [message, context] }]);
  });

  it('sees a method that is replaced later, by a spy for instance', async () => {
    @Injectable()
    class Orders {
      @MessageHandler('orders')
      created(): string {
        return 'original';
      }
    }
    const [handler] = await explore({ providers: [Orders] });

    module.get(Orders).created = () => 'spy';

    expect(handler!.handle!(messageAt(1), context)).toBe('spy');
  });

  describe('of a provider with scope REQUEST', () => {
    @Injectable()
    class Bookkeeping {}

    @Injectable({ scope: Scope.REQUEST })
    class Orders {
      constructor(
        @Inject(REQUEST) readonly request: Message,
        readonly bookkeeping: Bookkeeping,
      ) {}

      @MessageHandler('orders')
      created(...args: unknown[]) {
        calls.push({ instance: this, args });
      }
    }

    it('has an instance of its own for each message, with the message injected', async () => {
      const [handler, ...others] = await explore({ providers: [Orders, Bookkeeping] });
      const messages = [messageAt(1), messageAt(2)];

      for (const message of messages) await handler!.handle!(message, context);

      expect(others).toEqual([]);
      const instances = calls.map(({ instance }) => instance as Orders);
      expect(new Set(instances).size).toBe(2);
      expect(instances.map(({ request }) => request)).toEqual(messages);
      expect(instances[0]!.bookkeeping).toBe(module.get(Bookkeeping));
    });

    it('passes a failure of the construction on', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class Broken {
        constructor() {
          throw new Error('no tenant');
        }

        @MessageHandler('orders')
        created() {}
      }
      const [handler] = await explore({ providers: [Broken] });

      await expect(handler!.handle!(messageAt(1), context)).rejects.toThrow('no tenant');
    });
  });

  it('of a controller with scope REQUEST has an instance of its own for each message', async () => {
    @Controller({ scope: Scope.REQUEST })
    class Orders {
      constructor(@Inject(REQUEST) readonly request: Message) {}

      @MessageHandler('orders')
      created(...args: unknown[]) {
        calls.push({ instance: this, args });
      }
    }
    const [handler] = await explore({ controllers: [Orders] });

    for (const offset of [1, 2]) await handler!.handle!(messageAt(offset), context);

    expect(calls.map(({ instance }) => (instance as Orders).request.offset)).toEqual(['1', '2']);
  });

  it('of a provider that depends on one with scope REQUEST has an instance of its own for each message', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Tenant {
      constructor(@Inject(REQUEST) readonly request: Message) {}
    }
    @Injectable()
    class Orders {
      constructor(readonly tenant: Tenant) {}

      @MessageHandler('orders')
      created(...args: unknown[]) {
        calls.push({ instance: this, args });
      }
    }
    const [handler] = await explore({ providers: [Orders, Tenant] });

    for (const offset of [1, 2]) await handler!.handle!(messageAt(offset), context);

    expect(calls.map(({ instance }) => (instance as Orders).tenant.request.offset)).toEqual(['1', '2']);
  });

  it('of a provider with scope TRANSIENT is constructed before it is called', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Orders {
      readonly log: string[] = [];

      @MessageHandler('orders')
      created(...args: unknown[]) {
        this.log.push('created');
        calls.push({ instance: this, args });
      }
    }
    const found = await explore({ providers: [Orders] });

    await found[0]!.handle!(messageAt(1), context);

    expect(described(found)).toEqual(['Orders.created: orders']);
    expect((calls[0]!.instance as Orders).log).toEqual(['created']);
  });

  describe('that returns an Observable', () => {
    it.each([
      ['a value', of(1), 1],
      ['several values', of(1, 2), 2],
      ['no value', EMPTY, undefined],
      ['a value, brought by a promise', Promise.resolve(of(1)), 1],
    ])('is done when it completes with %s', async (_, observable, result) => {
      expect(await handling(observable)).toBe(result);
    });

    it('fails when it fails', async () => {
      await expect(handling(throwError(() => new Error('boom')))).rejects.toThrow('boom');
    });

    it('is not done before it completes', async () => {
      const subject = new Subject<number>();
      let isDone = false;
      const done = Promise.resolve(handling(subject)).then(() => (isDone = true));
      subject.next(1);
      await new Promise(setImmediate);
      expect(isDone).toBe(false);

      subject.complete();
      await done;
    });

    it('is subscribed to once', async () => {
      let subscriptions = 0;
      const handler = await handlerReturning(() => {
        subscriptions++;
        return NEVER;
      });

      void handler(messageAt(1), context);

      expect(subscriptions).toBe(1);
    });

    it('is done when it completes, in scope REQUEST, too', async () => {
      const subject = new Subject<number>();
      @Injectable({ scope: Scope.REQUEST })
      class Orders {
        @MessageHandler('orders')
        created() {
          calls.push({ instance: this, args: [] });
          return subject;
        }
      }
      const [handler] = await explore({ providers: [Orders] });
      let isDone = false;
      const done = Promise.resolve(handler!.handle!(messageAt(1), context)).then(() => (isDone = true));
      while (calls.length === 0) await new Promise(setImmediate);
      await new Promise(setImmediate);
      expect(isDone).toBe(false);

      subject.complete();
      await done;
    });

    async function handlerReturning(result: () => unknown): Promise<NonNullable<HandlerDefinition['handle']>> {
      @Injectable()
      class Orders {
        @MessageHandler('orders')
        created() {
          return result();
        }
      }
      const [handler] = await explore({ providers: [Orders] });
      return handler!.handle!;
    }

    async function handling(result: unknown): Promise<unknown> {
      const handle = await handlerReturning(() => result);
      return handle(messageAt(1), context);
    }
  });
});

let module: Awaited<ReturnType<ReturnType<typeof Test.createTestingModule>['compile']>>;

afterEach(async () => {
  await module.close();
});

async function explore({
  imports = [],
  providers = [],
  controllers = [],
}: ModuleMetadata): Promise<HandlerDefinition[]> {
  module = await Test.createTestingModule({
    imports: [DiscoveryModule, ...imports],
    providers: [
      HandlerMetadataAccessor,
      HandlerPipeline,
      HandlerExplorer,
      { provide: KAFKA_SETTINGS, useValue: { useGlobalEnhancers: false } },
      ...providers,
    ],
    controllers,
  }).compile();
  await module.init();
  return module.get(HandlerExplorer).explore();
}

function described(handlers: readonly HandlerDefinition[]): string[] {
  return handlers.map(({ name, topics }) => `${name}: ${topics.join()}`);
}
