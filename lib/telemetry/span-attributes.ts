import { isUtf8 } from 'node:buffer';
import type { Attributes } from '@opentelemetry/api';
import type { Message } from '../messaging/message.js';
import type { OutgoingMessage } from '../messaging/producer.js';
import { attribute, kafka, operation } from './names.js';

/** What a span tells of the processing of messages. */
export function processAttributes(messages: readonly Message[], group: string): Attributes {
  const [first] = messages;
  return {
    ...kafka,
    ...operation.process,
    [attribute.topic]: first!.topic,
    [attribute.partition]: String(first!.partition),
    [attribute.group]: group,
    ...(messages.length === 1 ? messageAttributes(first!) : { [attribute.batchSize]: messages.length }),
  };
}

/** What tells a message from others of its partition. */
export function messageAttributes({ offset, key, value }: Message): Attributes {
  return { [attribute.offset]: Number(offset), ...contentAttributes(key, value) };
}

export function publishAttributes(kind: 'send' | 'create', { topic, key = null, value }: OutgoingMessage): Attributes {
  return { ...kafka, ...operation[kind], [attribute.topic]: topic, ...contentAttributes(key, value) };
}

function contentAttributes(key: Buffer | string | null, value: unknown): Attributes {
  const text = keyText(key);
  return {
    ...(text === undefined ? {} : { [attribute.key]: text }),
    ...(value === null ? { [attribute.tombstone]: true } : {}),
  };
}

/** A key that is no text is left out, as the conventions say. */
function keyText(key: Buffer | string | null): string | undefined {
  if (key === null || typeof key === 'string') return key ?? undefined;
  return isUtf8(key) ? key.toString('utf8') : undefined;
}
