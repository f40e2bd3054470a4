import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, REQUEST } from '@nestjs/core';
import {
  HandlerContext,
  isKafkaContext,
  Message,
  MessageHandler,
  MessagePayload,
  SkipMessageError,
} from '@things-kit/nestjs-kafka';
import { defer, EMPTY, map, type Observable, of, tap, throwError } from 'rxjs';
import { closeHarness, harnessOf } from '../../support/harness.js';

let log: string[];
beforeEach(() => {
  log = [];
});
afterEach(closeHarness);

const deliver = async (providers: Parameters<typeof harnessOf>[0], options?: Parameters<typeof harnessOf>[1]) => {
  const harness = await harnessOf(providers, options);
  return harness.deliver({ topic: 'orders', key: 'k', value: { id: 1 } });
};

@Injectable()
class Audit {
  note(what: string): void {
    log.push(what);
  }
}

@Injectable()
class Allow implements CanActivate {
  constructor(private readonly audit: Audit) {}

  canActivate(context: ExecutionContext): boolean {
    const [message, handlerContext] = context.getArgs<[Message, HandlerContext]>();
    const rpc = context.switchToRpc();
    this.audit.note(
      [
        'guard',
        isKafkaContext(context),
        context.getClass().name,
        context.getHandler().name,
        message === rpc.getData() && handlerContext === rpc.getContext(),
      ].join(' '),
    );
    return true;
  }
}

@Injectable()
class Around implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    log.push('before');
    return next.handle().pipe(tap(() => log.push('after')));
  }
}

@Injectable()
class Double implements PipeTransform {
  transform(value: { id: number }): { id: number } {
    log.push('pipe');
    return { id: value.id * 2 };
  }
}

describe('Guards, interceptors and pipes', () => {
  it('of class and method are called around a handler, with what they inject', async () => {
    @Injectable()
    @UseGuards(Allow)
    class Orders {
      @UseInterceptors(Around)
      @UsePipes(Double)
      @MessageHandler('orders')
      created(@MessagePayload() { id }: { id: number }): void {
        log.push(`handler ${id}`);
      }
    }

    expect(await deliver([Orders, Audit])).toMatchObject({ outcome: 'handled', attempts: 1 });
    expect(log).toEqual(['guard true Orders created true', 'before', 'pipe', 'handler 2', 'after']);
  });

  it('leave a handler without decorated parameters its message and context', async () => {
    @Injectable()
    class Orders {
      @UseInterceptors(Around)
      @MessageHandler('orders')
      created(message: Message, context: HandlerContext): void {
        log.push(`${message.offset} ${context.handler}`);
      }
    }

    await deliver([Orders]);
    expect(log).toEqual(['before', '0 Orders.created', 'after']);
  });

  it('refuse for good: what a guard refuses is not retried, what it fails on is', async () => {
    let calls = 0;
    const refusing: CanActivate = { canActivate: () => false };
    const failing: CanActivate = {
      canActivate: () => {
        if (++calls < 3) throw new Error('the session store is down');
        return true;
      },
    };
    @Injectable()
    class Orders {
      @UseGuards(refusing)
      @MessageHandler('orders', { deadLetter: true })
      refused(): void {}

      @UseGuards(failing)
      @MessageHandler('payments')
      failed(): void {}
    }
    const harness = await harnessOf([Orders]);

    const refused = await harness.deliver({ topic: 'orders', value: 1 });
    expect(refused).toMatchObject({ outcome: 'dead-lettered', attempts: 1 });
    expect(refused.handlers[0]!.deadLetter!.headers).toMatchObject({
      'error-class': 'MessageRefusedError',
      error: 'ForbiddenException: Forbidden resource',
    });
    expect(await harness.deliver({ topic: 'payments', value: 1 })).toMatchObject({ outcome: 'handled', attempts: 3 });
  });

  it('let an interceptor set what the handler sees of AsyncLocalStorage', async () => {
    const storage = new AsyncLocalStorage<string>();
    const setting: NestInterceptor = { intercept: (_, next) => storage.run('tenant-1', () => next.handle()) };
    @Injectable()
    class Orders {
      @UseInterceptors(setting)
      @MessageHandler('orders')
      async created(): Promise<void> {
        await Promise.resolve();
        log.push(String(storage.getStore()));
      }
    }

    await deliver([Orders]);
    expect(log).toEqual(['tenant-1']);
  });

  it('take an Observable for done when it completes, with or without a value', async () => {
    @Injectable()
    @UseInterceptors({
      intercept: (_: unknown, next: CallHandler) => next.handle().pipe(map((value: unknown) => value)),
    })
    class Orders {
      @MessageHandler('orders')
      created(): Observable<unknown> {
        return defer(() => {
          log.push('subscribed');
          return EMPTY;
        });
      }

      @MessageHandler('payments')
      paid(): Observable<unknown> {
        return of(1, 2, 3).pipe(tap((value) => log.push(String(value))));
      }

      @MessageHandler('refunds', { onExhausted: 'skip', retry: { maxAttempts: 1 } })
      refunded(): Observable<unknown> {
        return throwError(() => new Error('no'));
      }
    }
    const harness = await harnessOf([Orders]);

    expect(await harness.deliver({ topic: 'orders', value: 1 })).toMatchObject({ outcome: 'handled' });
    expect(await harness.deliver({ topic: 'payments', value: 1 })).toMatchObject({ outcome: 'handled' });
    expect(await harness.deliver({ topic: 'refunds', value: 1 })).toMatchObject({ outcome: 'skipped' });
    expect(log).toEqual(['subscribed', '1', '2', '3']);
  });
});

describe('An exception filter', () => {
  class Declined extends Error {}

  @Catch(Declined)
  class DeclinedFilter implements ExceptionFilter {
    constructor(@Inject(Audit) private readonly audit: Audit) {}

    catch(error: Declined, host: ArgumentsHost): void {
      this.audit.note(`filter ${error.message} ${isKafkaContext(host)} ${host.getArgByIndex<Message>(0).offset}`);
    }
  }

  it.each<[string, ExceptionFilter['catch']]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['something', () => 'answer'],
    ['nothing later', () => Promise.resolve()],
    ['an Observable', () => EMPTY],
  ])('that returns %s has handled the message', async (_, answer) => {
    const filter: ExceptionFilter = { catch: answer };
    @Injectable()
    class Orders {
      @UseFilters(filter)
      @MessageHandler('orders')
      created(): void {
        throw new Error('boom');
      }
    }

    expect(await deliver([Orders])).toMatchObject({ outcome: 'handled', attempts: 1 });
  });

  it('takes what it is made for, with what it injects; the rest goes to recovery', async () => {
    @Injectable()
    @UseFilters(DeclinedFilter)
    class Orders {
      @MessageHandler('orders')
      created(): void {
        throw new Declined('no money');
      }

      @MessageHandler('payments', { onExhausted: 'skip', retry: { maxAttempts: 2 } })
      paid(): void {
        throw new TypeError('other');
      }
    }
    const harness = await harnessOf([Orders, Audit]);

    expect(await harness.deliver({ topic: 'orders', value: 1 })).toMatchObject({ outcome: 'handled', attempts: 1 });
    expect(await harness.deliver({ topic: 'payments', value: 1 })).toMatchObject({ outcome: 'skipped', attempts: 2 });
    expect(log).toEqual(['filter no money true 0']);
  });

  it('that throws hands that to recovery', async () => {
    const filter: ExceptionFilter = {
      catch: () => {
        throw new SkipMessageError('not for us');
      },
    };
    @Injectable()
    class Orders {
      @UseFilters(filter)
      @MessageHandler('orders')
      created(): void {
        throw new Error('boom');
      }
    }

    const { outcome, handlers } = await deliver([Orders]);
    expect(outcome).toBe('skipped');
    expect(handlers[0]!.errors.map(String)).toEqual(['SkipMessageError: not for us']);
  });

  it('that throws on what a guard has thrown leaves it refused for good', async () => {
    const filter: ExceptionFilter = {
      catch: (error: Error) => {
        throw error;
      },
    };
    @Injectable()
    class Orders {
      @UseFilters(filter)
      @UseGuards({ canActivate: () => false })
      @MessageHandler('orders', { deadLetter: true })
      created(): void {}
    }

    const { outcome, attempts, handlers } = await deliver([Orders]);
    expect({ outcome, attempts }).toEqual({ outcome: 'dead-lettered', attempts: 1 });
    expect(handlers[0]!.errors.map(String)).toEqual(['MessageRefusedError: ForbiddenException: Forbidden resource']);
  });

  it('is not asked about what a handler throws because it was aborted', async () => {
    const filter: ExceptionFilter = { catch: () => void log.push('filter') };
    @Injectable()
    class Orders {
      @UseFilters(filter)
      @MessageHandler('orders', { handlerTimeoutMs: 10, retry: { maxAttempts: 1 }, onExhausted: 'skip' })
      async created(_: Message, { signal }: HandlerContext): Promise<void> {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        signal.throwIfAborted();
      }
    }

    expect(await deliver([Orders])).toMatchObject({ outcome: 'skipped', attempts: 1 });
    expect(log).toEqual([]);
  });

  it('of the method comes before that of the class', async () => {
    const named = (name: string): ExceptionFilter => ({ catch: () => void log.push(name) });
    @Injectable()
    @UseFilters(named('class'))
    class Orders {
      @UseFilters(named('method'))
      @MessageHandler('orders')
      created(): void {
        throw new Error('boom');
      }
    }

    await deliver([Orders]);
    expect(log).toEqual(['method']);
  });
});

describe('Global enhancers', () => {
  const refusing = { provide: APP_GUARD, useValue: { canActivate: () => false } };
  const swallowing = { provide: APP_FILTER, useValue: { catch: () => void log.push('global filter') } };
  @Injectable()
  class Orders {
    @UseInterceptors(Around)
    @MessageHandler('orders', { onExhausted: 'skip', retry: { maxAttempts: 1 } })
    created(): void {
      throw new Error('boom');
    }
  }

  it('do not hit handlers, for they are written for HTTP', async () => {
    expect(await deliver([Orders, refusing, swallowing])).toMatchObject({ outcome: 'skipped' });
    expect(log).toEqual(['before']);
  });

  it('do with useGlobalEnhancers', async () => {
    expect(await deliver([Orders, refusing, swallowing], { useGlobalEnhancers: true })).toMatchObject({
      outcome: 'handled',
    });
    expect(log).toEqual(['global filter']);
  });
});

describe('Global enhancers that are made anew for each message', () => {
  it('hit handlers of any scope with useGlobalEnhancers', async () => {
    let instances = 0;
    @Injectable()
    class Once implements CanActivate, NestInterceptor, PipeTransform, ExceptionFilter {
      constructor(@Inject(REQUEST) private readonly message: Message) {
        instances++;
      }

      canActivate(): boolean {
        return this.note('guard', true);
      }

      intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
        return this.note('interceptor', next.handle());
      }

      transform(value: unknown): unknown {
        return this.note('pipe', value);
      }

      catch(): void {
        this.note('filter', undefined);
      }

      private note<T>(what: string, result: T): T {
        log.push(`${what} ${this.message.topic}`);
        return result;
      }
    }
    @Injectable()
    class Orders {
      @MessageHandler('orders')
      created(@MessagePayload() _: unknown): void {
        throw new Error('boom');
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class Payments {
      @MessageHandler('payments')
      paid(@MessagePayload() _: unknown): void {
        throw new Error('boom');
      }
    }
    const globals = [APP_GUARD, APP_INTERCEPTOR, APP_PIPE, APP_FILTER].map((provide) => ({
      provide,
      useClass: Once,
      scope: Scope.REQUEST,
    }));
    const harness = await harnessOf([Orders, Payments, ...globals], { useGlobalEnhancers: true });

    for (const topic of ['orders', 'payments', 'orders']) {
      log = [];
      instances = 0;
      expect(await harness.deliver({ topic, value: 1 })).toMatchObject({ outcome: 'handled', attempts: 1 });
      expect(log).toEqual([`guard ${topic}`, `interceptor ${topic}`, `pipe ${topic}`, `filter ${topic}`]);
      expect(instances).toBe(4);
    }
  });

  it('stop the start where they are transient, and are not left out', async () => {
    const guard = { provide: APP_GUARD, useClass: Allow, scope: Scope.TRANSIENT };
    @Injectable()
    class Orders {
      @MessageHandler('orders')
      created(): void {}
    }

    await expect(harnessOf([Orders, Audit, guard], { useGlobalEnhancers: true })).rejects.toThrow(
      /useGlobalEnhancers: APP_GUARD \(UUID: .*\) is transient/,
    );
  });
});

describe('A request-scoped handler', () => {
  it('is made anew for each message, with its guards, and has the message as REQUEST', async () => {
    let instances = 0;
    @Injectable({ scope: Scope.REQUEST })
    class Scoped implements CanActivate {
      private readonly number = ++instances;

      constructor(@Inject(REQUEST) private readonly message: Message) {}

      canActivate(): boolean {
        log.push(`guard ${this.number} ${this.message.offset}`);
        return true;
      }
    }
    @Injectable()
    @UseGuards(Scoped)
    class Orders {
      @MessageHandler('orders')
      created(@MessagePayload() payload: number): void {
        log.push(`handler ${payload}`);
      }
    }
    const harness = await harnessOf([Orders]);

    for (const value of [1, 2]) await harness.deliver({ topic: 'orders', value: String(value) });

    expect(log).toEqual(['guard 1 0', 'handler 1', 'guard 2 1', 'handler 2']);
  });
});
