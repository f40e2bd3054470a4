import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  type INestApplicationContext,
  type NestInterceptor,
  Scope,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { MessageHandler } from '@things-kit/nestjs-kafka';
import { type Observable, tap } from 'rxjs';
import { setTimeout as delay } from 'node:timers/promises';
import { startApplication } from '../../support/application.js';
import { createTopic, produce, uniqueName } from '../../support/kafka.js';
import { CollectedSpans } from '../../support/telemetry.js';

/** Where a span was active, and which. */
const seen: Record<string, string | undefined> = {};

function look(place: string): void {
  seen[place] = trace.getActiveSpan()?.spanContext().spanId;
}

@Injectable()
class Guard implements CanActivate {
  canActivate(): boolean {
    look('guard');
    return true;
  }
}

@Injectable()
class Interceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    look('interceptor');
    return next.handle().pipe(tap({ complete: () => look('after the handler') }));
  }
}

describe('the span of a message is active', () => {
  let topic: string;
  let spans: CollectedSpans;
  let app: INestApplicationContext;
  beforeEach(async () => {
    for (const place of Object.keys(seen)) delete seen[place];
    spans = CollectedSpans.start();
    topic = await createTopic(uniqueName('orders'));
  });
  afterEach(async () => {
    await app.close();
    spans.stop();
  });

  async function spanId(handlers: new () => unknown): Promise<string> {
    await produce(topic, ['{}']);
    app = await startApplication({ group: uniqueName('group') }, [Guard, Interceptor, handlers]);
    const [span] = await spans.ended(`process ${topic}`);
    return span!.spanContext().spanId;
  }

  it('in its handler, also after it has waited, and in what Nest calls around it', async () => {
    @Injectable()
    class Orders {
      @UseGuards(Guard)
      @UseInterceptors(Interceptor)
      @MessageHandler(topic)
      async created(): Promise<void> {
        look('handler');
        await delay(5);
        look('handler, later');
      }
    }

    const id = await spanId(Orders);

    const places = ['guard', 'interceptor', 'handler', 'handler, later', 'after the handler'];
    expect(seen).toEqual(Object.fromEntries(places.map((place) => [place, id])));
  });

  it('in the making of providers for its request', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Orders {
      constructor() {
        look('constructor');
      }

      @MessageHandler(topic)
      created(): void {
        look('handler');
      }
    }

    const id = await spanId(Orders);

    expect(seen).toEqual({ constructor: id, handler: id });
  });
});
