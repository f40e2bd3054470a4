/**
 * A message on its way out.
 *
 * @publicApi
 */
export interface OutgoingMessage {
  topic: string;

  /** Messages of one key keep their order; strings are encoded as UTF-8. @default null */
  key?: Buffer | string | null;

  /** Bytes as they are, strings as UTF-8, `null` as a tombstone; anything else in the connection's format, JSON unless set. */
  value: unknown;

  /** Strings are encoded as UTF-8; an array repeats the header. @default {} */
  headers?: Record<string, Buffer | string | (Buffer | string)[]>;

  /** Overrides the partition that the key would choose. */
  partition?: number;

  /** @default the time of publishing */
  timestamp?: Date;
}

/**
 * Where the broker put a published message.
 *
 * @publicApi
 */
export interface PublishedRecord {
  topic: string;
  partition: number;

  /** Decimal string, see `Message.offset`. */
  offset: string;
}

/**
 * Publishes messages. Also the injection token of the application's (default) producer.
 *
 * @publicApi
 */
export abstract class Producer {
  /**
   * Resolves when the broker has acknowledged the message. What is published at the same time may share requests; messages
   * of one key are stored in the order of the calls.
   *
   * @throws PublishError when it did not, which says whether the message may be stored nevertheless; or when its value cannot be serialised
   */
  abstract publish(message: OutgoingMessage): Promise<PublishedRecord>;

  /**
   * Publishes several messages at once; the results stand in the order of the messages. When a value cannot be serialised,
   * none is published.
   *
   * @throws PublishError when not all were acknowledged; its `failed` tells which, the others are stored
   */
  abstract publishBatch(messages: OutgoingMessage[]): Promise<PublishedRecord[]>;

  /** Resolves when all that was published before is acknowledged or has failed, without waiting for more to go with it. Never rejects. */
  abstract flush(): Promise<void>;

  /** Flushes, within the implementation's limit, and releases the connections. Publishing afterwards is an error. */
  abstract close(): Promise<void>;
}
