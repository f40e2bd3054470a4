import type { Message } from './message.js';

/**
 * Turns the bytes of messages into payloads.
 *
 * @publicApi
 */
export interface Deserializer<T = unknown> {
  /**
   * Not called for tombstones, whose payload is `null`.
   *
   * @throws DeserializationError when the bytes are not of the format: never retried. Of one that is not {@link eager},
   *   whatever it throws is taken for that
   */
  deserialize(value: Buffer, message: Message): T | Promise<T>;

  /**
   * `true`: called and awaited before the handler, for formats that have to ask somebody, such as a schema registry; what fails
   * there is tried again like the handler. Otherwise it is called when the payload is first read, and must not return a promise.
   *
   * @default false
   */
  readonly eager?: boolean;
}

/**
 * Turns values into the bytes of messages. Not called for bytes, text and `null`, which are published as they are.
 *
 * @publicApi
 */
export interface Serializer<T = unknown> {
  /** @throws whatever, when the value cannot be of the format: nothing is published then */
  serialize(value: T, topic: string): Buffer | Promise<Buffer>;
}

/**
 * A format of payloads: a built-in one by its name, or your own.
 *
 * @publicApi
 */
export type Format = BuiltInFormat | (Deserializer & Partial<Serializer>);

/** @publicApi */
export type BuiltInFormat = 'json' | 'string' | 'bytes';
