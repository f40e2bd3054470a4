import type { MessageHandlerOptions } from '../decorators/message-handler.decorator.js';
import type { Message } from '../messaging/message.js';
import type { OutgoingMessage, Producer } from '../messaging/producer.js';
import type { HandlerMethod } from './handler.pipeline.js';

/**
 * A handler whose result is published before its message is completed: if that fails, the attempt has.
 *
 * @param producer for those that are not transactional
 */
export function publishing(
  handle: HandlerMethod,
  publishTo: NonNullable<MessageHandlerOptions['publishTo']>,
  producer: Producer | undefined,
): HandlerMethod {
  return async (message, context) => {
    const result = await handle(message, context);
    const outgoing = outgoingOf(result, message, publishTo);
    if (!producer) for (const one of outgoing) await context.publish(one);
    else if (outgoing.length > 0) await producer.publishBatch(outgoing);
  };
}

function outgoingOf(
  result: unknown,
  message: Message,
  publishTo: NonNullable<MessageHandlerOptions['publishTo']>,
): OutgoingMessage[] {
  if (typeof publishTo === 'function') return [publishTo(result, message) ?? []].flat();
  return result === undefined ? [] : [{ topic: publishTo, key: message.key, value: result }];
}
