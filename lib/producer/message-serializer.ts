import type { Compression, RecordToSend } from '../engine/client/produce/pending-record.js';
import { MessagingError } from '../messaging/errors.js';
import { formatOf, serializerOf, type TopicFormats } from '../messaging/formats.js';
import type { OutgoingMessage } from '../messaging/producer.js';

/** Messages as they are to be stored. */
export type SerializedMessages = readonly RecordToSend[];

/** Makes records of messages: at once, unless the format has to ask somebody. */
export class MessageSerializer {
  constructor(
    private readonly formats: TopicFormats,
    private readonly compression: Compression,
  ) {}

  /** @throws what a value that is not of the format makes the format throw */
  serialize(messages: readonly OutgoingMessage[]): SerializedMessages | Promise<SerializedMessages> {
    const values = messages.map((message) => this.valueOf(message));
    if (values.every(isReady)) return this.recordsOf(messages, values);
    return Promise.all(values.map(async (value) => value)).then((ready) => this.recordsOf(messages, ready));
  }

  private recordsOf(messages: readonly OutgoingMessage[], values: readonly (Buffer | null)[]): SerializedMessages {
    return messages.map(({ topic, key, headers, partition, timestamp }, at) => ({
      topic,
      key: key === undefined || key === null ? null : bytesOf(key),
      value: values[at]!,
      headers: headers ? headersOf(headers) : [],
      timestamp: timestamp ? timeOf(timestamp) : Date.now(),
      partition,
      compression: this.compression,
    }));
  }

  private valueOf({ topic, value }: OutgoingMessage): Buffer | null | Promise<Buffer | null> {
    if (value === null) return null;
    if (typeof value === 'string' || value instanceof Uint8Array) return bytesOf(value);
    if (value === undefined)
      throw new MessagingError('value: expected bytes, text, null or a value to serialise, got nothing');
    return serializerOf(formatOf(topic, this.formats)).serialize(value, topic);
  }
}

/** Whether it is no promise. */
function isReady(value: Buffer | null | PromiseLike<Buffer | null>): value is Buffer | null {
  return value === null || !('then' in value);
}

function bytesOf(value: string | Uint8Array): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value as string);
}

function headersOf(headers: NonNullable<OutgoingMessage['headers']>): RecordToSend['headers'] {
  return Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, bytesOf(value)] as const),
  );
}

function timeOf(timestamp: Date): number {
  const time = timestamp.getTime();
  if (Number.isNaN(time)) throw new MessagingError('timestamp: expected a valid Date');
  return time;
}
