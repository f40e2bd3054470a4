import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Message } from '@things-kit/nestjs-kafka';

/** Lets in what comes from the shop; the rest are dead letters. */
@Injectable()
export class ShopGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.getArgByIndex<Message>(0);
    return headers.source === 'shop';
  }
}
