import { Injectable } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import type { MessageHandlerMetadata } from '../decorators/message-handler.decorator.js';
import { MESSAGE_HANDLER_METADATA } from '../kafka.constants.js';

/** A decorated method and what its decorators say. */
export interface DecoratedMethod {
  method: string;
  uses: readonly MessageHandlerMetadata[];
}

/** Reads what `@MessageHandler` wrote. */
@Injectable()
export class HandlerMetadataAccessor {
  constructor(private readonly scanner: MetadataScanner) {}

  /** The decorated methods of an instance; for a decorated class its `handle`. */
  decoratedMethods(instance: object): DecoratedMethod[] {
    const prototype = Object.getPrototypeOf(instance) as object | null;
    if (!prototype) return [];
    const methods = this.scanner.getAllMethodNames(prototype).map((method) => ({
      method,
      uses: read((prototype as Record<string, unknown>)[method]),
    }));
    return [{ method: 'handle', uses: read(prototype.constructor) }, ...methods].filter(({ uses }) => uses.length > 0);
  }
}

function read(holder: unknown): MessageHandlerMetadata[] {
  if (typeof holder !== 'function') return [];
  return (Reflect.getOwnMetadata(MESSAGE_HANDLER_METADATA, holder) ?? []) as MessageHandlerMetadata[];
}
