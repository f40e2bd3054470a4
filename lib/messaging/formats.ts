import { DeserializationError, MessagingError } from './errors.js';
import type { BuiltInFormat, Deserializer, Format, Serializer } from './format.js';

/** JSON in UTF-8. */
export const json: Deserializer & Serializer = {
  deserialize: (value) => {
    try {
      return JSON.parse(value.toString('utf8')) as unknown;
    } catch (cause) {
      throw new DeserializationError(`not JSON: ${(cause as Error).message}`, { cause });
    }
  },
  serialize: (value) => {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new MessagingError(`a ${typeof value} cannot be JSON`);
    return Buffer.from(text);
  },
};

/** Text in UTF-8. */
const string: Deserializer & Serializer = {
  deserialize: (value) => value.toString('utf8'),
  serialize: (value) => refuse('string', value),
};

/** The bytes as they are. */
const bytes: Deserializer & Serializer = {
  deserialize: (value) => value,
  serialize: (value) => refuse('bytes', value),
};

const builtIn: Readonly<Record<BuiltInFormat, Deserializer & Serializer>> = { json, string, bytes };

/** Whether something is a {@link Format}. */
export function isFormat(value: unknown): value is Format {
  if (typeof value === 'string') return Object.hasOwn(builtIn, value);
  return typeof (value as Partial<Deserializer> | null)?.deserialize === 'function';
}

/** Formats by topic, and the one of all others. */
export interface TopicFormats {
  readonly format: Format;
  readonly formats: Readonly<Record<string, Format>>;
}

export function formatOf(topic: string, { format, formats }: TopicFormats): Format {
  return Object.hasOwn(formats, topic) ? formats[topic]! : format;
}

export function deserializerOf(format: Format): Deserializer {
  return typeof format === 'string' ? builtIn[format] : format;
}

/** @throws MessagingError for a format that only reads */
export function serializerOf(format: Format): Serializer {
  if (typeof format === 'string') return builtIn[format];
  if (format.serialize) return format as Serializer;
  throw new MessagingError('its format has no serialize(value, topic); publish bytes or text, or add it');
}

function refuse(format: BuiltInFormat, value: unknown): never {
  throw new MessagingError(`the format "${format}" takes text and bytes, got a ${typeof value}`);
}
