import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  type Type,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import { IsNotEmpty } from 'class-validator';
import type { Observable } from 'rxjs';
import { BatchHandler, type Message, MessageHandler, MessagePayload } from '../../../lib/index.js';
import type { Handle, Job } from './job.js';

/** With nothing bound to it. */
export function staticHandlers({ topic }: Job, handle: Handle): Type {
  class Handlers {
    @MessageHandler(topic)
    handle(message: Message): Promise<void> | void {
      return handle(message.payload, message.key);
    }
  }
  return Handlers;
}

@Injectable()
class Guard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

export function guardedHandlers({ topic }: Job, handle: Handle): Type {
  class Handlers {
    @UseGuards(Guard)
    @MessageHandler(topic)
    handle(message: Message): Promise<void> | void {
      return handle(message.payload, message.key);
    }
  }
  return Handlers;
}

@Injectable()
class Interceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

export function interceptedHandlers({ topic }: Job, handle: Handle): Type {
  class Handlers {
    @UseInterceptors(Interceptor)
    @MessageHandler(topic)
    handle(message: Message): Promise<void> | void {
      return handle(message.payload, message.key);
    }
  }
  return Handlers;
}

class Order {
  @IsNotEmpty()
  id!: unknown;
}

/** With a payload of a class, validated and transformed. */
export function validatedHandlers({ topic }: Job, handle: Handle): Type {
  class Handlers {
    @MessageHandler(topic)
    handle(@MessagePayload(new ValidationPipe({ transform: true })) order: Order): Promise<void> | void {
      return handle(order, null);
    }
  }
  return Handlers;
}

export function batchHandlers({ topic }: Job, handle: Handle): Type {
  class Handlers {
    @BatchHandler(topic, { maxSize: 500 })
    async handle(messages: Message[]): Promise<void> {
      for (const { payload, key } of messages) await handle(payload, key);
    }
  }
  return Handlers;
}

/** With a result for each record. */
export function publishingHandlers({ topic }: Job, handle: Handle, transactional: boolean): Type {
  class Handlers {
    @MessageHandler(topic, { publishTo: 'results', transactional })
    async handle({ payload, key }: Message): Promise<unknown> {
      await handle(payload, key);
      return payload;
    }
  }
  return Handlers;
}
