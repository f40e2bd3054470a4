import { DeserializationError, MessagingError } from '../../messaging/errors.js';
import type { Deserializer } from '../../messaging/format.js';
import { json } from '../../messaging/formats.js';
import { Message } from '../../messaging/message.js';
import type { ConsumedRecord } from '../client/consumer-client.js';

/** A consumed record as a handler's message; headers and payload are decoded when asked for, once. */
export class KafkaMessage<T = unknown> extends Message<T> {
  private decodedHeaders: Record<string, string | string[]> | undefined;
  private groupedHeaders: Record<string, Buffer | Buffer[]> | undefined;
  private decodedPayload: { value: T } | undefined;

  /** Whether the payload was asked for before it was there. */
  isMissed = false;

  constructor(
    private readonly record: ConsumedRecord,
    private readonly deserializer: Deserializer = json,
  ) {
    super();
  }

  get topic(): string {
    return this.record.topic;
  }

  get partition(): number {
    return this.record.partition;
  }

  get offset(): string {
    return String(this.record.offset);
  }

  get timestamp(): Date {
    return new Date(this.record.timestamp);
  }

  get key(): Buffer | null {
    return this.record.key;
  }

  get value(): Buffer | null {
    return this.record.value;
  }

  get headers(): Record<string, string | string[]> {
    return (this.decodedHeaders ??= mapValues(this.rawHeaders, (value) => value.toString('utf8')));
  }

  get rawHeaders(): Record<string, Buffer | Buffer[]> {
    return (this.groupedHeaders ??= groupHeaders(this.record));
  }

  get payload(): T {
    if (this.isToBePrepared) throw this.unprepared();
    this.decodedPayload ??= { value: this.decode() as T };
    return this.decodedPayload.value;
  }

  /** Whether the payload is there only once {@link prepare} has resolved. */
  get isToBePrepared(): boolean {
    return this.deserializer.eager === true && this.record.value !== null && this.decodedPayload === undefined;
  }

  /** @throws DeserializationError when the bytes are not of the format, and anything else when that cannot be told now */
  async prepare(): Promise<void> {
    try {
      const value = await this.deserializer.deserialize(this.record.value!, this);
      this.decodedPayload = { value: value as T };
    } catch (error) {
      throw error instanceof DeserializationError ? this.undecodable(error) : error;
    }
  }

  private unprepared(): MessagingError {
    this.isMissed = true;
    return new MessagingError('The payload is not there yet: its format is awaited before the handler');
  }

  private decode(): unknown {
    const { value } = this.record;
    if (value === null) return null;
    let payload: unknown;
    try {
      payload = this.deserializer.deserialize(value, this);
    } catch (error) {
      throw this.undecodable(error);
    }
    if (!(payload instanceof Promise)) return payload;
    payload.catch(() => undefined);
    throw new MessagingError(
      'A deserializer that returns a promise needs eager: true, to be awaited before the handler',
    );
  }

  private undecodable(cause: unknown): DeserializationError {
    const { topic, partition, offset, value } = this.record;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const text = `The value of ${topic}-${partition}@${offset} (${value!.length} bytes) is ${reason}`;
    return new DeserializationError(text, { cause });
  }
}

/** Objects without a prototype: a header may be called `__proto__`. */
function groupHeaders({ headers }: ConsumedRecord): Record<string, Buffer | Buffer[]> {
  const grouped = Object.create(null) as Record<string, Buffer | Buffer[]>;
  for (const [name, bytes] of headers) {
    const value = bytes ?? Buffer.alloc(0);
    const before = grouped[name];
    grouped[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return grouped;
}

function mapValues<A, B>(source: Record<string, A | A[]>, map: (value: A) => B): Record<string, B | B[]> {
  const target = Object.create(null) as Record<string, B | B[]>;
  for (const name of Object.keys(source)) {
    const value = source[name]!;
    target[name] = Array.isArray(value) ? value.map(map) : map(value);
  }
  return target;
}
