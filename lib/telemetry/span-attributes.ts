import { isUtf8 } from 'node:buffer';
import type { Attributes } from '@opentelemetry/api';
import type { Message } from '../messaging/message.js';
import type { OutgoingMessage } from '../messaging/producer.js';
import { attribute, operation } from './names.js';

// Once a record: objects are filled, for to spread one into another takes as long as all else that is done for a span.

/** What a span tells of the processing of messages. */
export function processAttributes(messages: readonly Message[], group: string): Attributes {
  const first = messages[0]!;
  const attributes = operationAttributes('process', first.topic);
  attributes[attribute.partition] = String(first.partition);
  attributes[attribute.group] = group;
  if (messages.length === 1) addMessage(attributes, first);
  else attributes[attribute.batchSize] = messages.length;
  return attributes;
}

/** What tells a message from others of its partition. */
export function messageAttributes(message: Message): Attributes {
  const attributes: Attributes = {};
  addMessage(attributes, message);
  return attributes;
}

export function publishAttributes(kind: 'send' | 'create', { topic, key, value }: OutgoingMessage): Attributes {
  const attributes = operationAttributes(kind, topic);
  addContent(attributes, key ?? null, value);
  return attributes;
}

function operationAttributes(kind: 'process' | 'send' | 'create', topic: string): Attributes {
  return {
    [attribute.system]: 'kafka',
    [attribute.operationName]: operation[kind][attribute.operationName],
    [attribute.operationType]: operation[kind][attribute.operationType],
    [attribute.topic]: topic,
  };
}

function addMessage(attributes: Attributes, message: Message): void {
  attributes[attribute.offset] = Number(message.offset);
  addContent(attributes, message.key, message.value);
}

/** A key that is no text is left out, as the conventions say. */
function addContent(attributes: Attributes, key: Buffer | string | null, value: unknown): void {
  if (typeof key === 'string') attributes[attribute.key] = key;
  else if (key !== null && isUtf8(key)) attributes[attribute.key] = key.toString('utf8');
  if (value === null) attributes[attribute.tombstone] = true;
}
