/**
 * A record as a handler sees it: what the broker holds, with the value decoded on demand.
 *
 * An abstract class and not an interface, so that it can stand in a decorated signature
 * (`emitDecoratorMetadata` needs a value under isolated modules).
 *
 * @typeParam T type of the decoded {@link payload}
 * @publicApi
 */
export abstract class Message<T = unknown> {
  /** The topic the message was read from. */
  abstract readonly topic: string;

  /** The partition of the topic. 0 for brokers without partitions. */
  abstract readonly partition: number;

  /** Position within the partition, as a decimal string: Kafka's offsets are 64 bit. */
  abstract readonly offset: string;

  /** When the record was created or appended, as the topic's `message.timestamp.type` says. */
  abstract readonly timestamp: Date;

  /** The key's bytes, or `null` for a record without a key. */
  abstract readonly key: Buffer | null;

  /** The value's bytes as they were published, or `null` for a tombstone. */
  abstract readonly value: Buffer | null;

  /** Headers decoded as UTF-8. A header that occurs more than once is an array, in order. */
  abstract readonly headers: Readonly<Record<string, string | string[]>>;

  /** Headers with their bytes, for values that are not text. */
  abstract readonly rawHeaders: Readonly<Record<string, Buffer | Buffer[]>>;

  /**
   * The value decoded by the handler's format (JSON unless set), the first time it is asked for. `null` for a tombstone.
   *
   * @throws DeserializationError when the bytes are not of that format
   */
  abstract readonly payload: T;
}
