import { MessageParameter, PARAMETERS_METADATA } from '../kafka.constants.js';
import type { HandlerContext } from '../messaging/handler-context.js';
import type { Message } from '../messaging/message.js';

/** Takes out of a message, or of each of a batch, what a parameter is decorated for. In the form that Nest asks for it. */
export const messageParameters = {
  exchangeKeyForValue(
    type: MessageParameter,
    data: unknown,
    [messages, context]: [Message | Message[], HandlerContext],
  ): unknown {
    if (type === MessageParameter.Context) return context;
    return Array.isArray(messages) ? messages.map((one) => partOf(one, type, data)) : partOf(messages, type, data);
  },
};

function partOf(message: Message, type: Exclude<MessageParameter, MessageParameter.Context>, data: unknown): unknown {
  switch (type) {
    case MessageParameter.Payload:
      return data === undefined ? message.payload : propertyOf(message.payload, data as string);
    case MessageParameter.Key:
      return message.key;
    case MessageParameter.KeyText:
      return message.key && message.key.toString('utf8');
    case MessageParameter.Header:
      return message.headers[data as string];
    case MessageParameter.Headers:
      return message.headers;
    case MessageParameter.Message:
      return message;
  }
}

/** Which parameters of a method are decorated and which are not; Nest would call it with `undefined` for the latter. */
export function undecoratedParameters(instance: object, method: string): number[] {
  const decorated = Reflect.getMetadata(PARAMETERS_METADATA, instance.constructor, method) as object | undefined;
  if (!decorated) return [];
  const indexes = Object.values(decorated).map(({ index }: { index: number }) => index);
  const types = Reflect.getMetadata('design:paramtypes', instance, method) as unknown[] | undefined;
  const count = types?.length ?? (instance as Record<string, (...args: unknown[]) => unknown>)[method]!.length;
  return Array.from({ length: count }, (_, index) => index).filter((index) => !indexes.includes(index));
}

function propertyOf(payload: unknown, property: string): unknown {
  return (payload as Record<string, unknown> | null | undefined)?.[property];
}
