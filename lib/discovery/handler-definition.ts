import type { MessageHandlerMetadata } from '../decorators/message-handler.decorator.js';
import type { HandlerBinding } from '../engine/handler-binding.js';
import type { HandlerContext } from '../messaging/handler-context.js';
import type { Message } from '../messaging/message.js';

/** A decorated method as the explorer found it, once for each use of the decorator. */
export interface HandlerDefinition extends MessageHandlerMetadata {
  /** The class of the method; two classes may have one name. */
  readonly owner: unknown;

  /** `Class.method` */
  readonly name: string;

  /** Its parameters without a decorator, if others have one; the first is 0. */
  readonly undecorated: readonly number[];

  /** Makes records of what it publishes, of one that is transactional. */
  readonly serialize?: HandlerBinding['serialize'];

  /** What Nest made of it, callable with a message; `undefined` when there is nothing to call. */
  readonly handle: ((message: Message, context: HandlerContext) => unknown) | undefined;
}
