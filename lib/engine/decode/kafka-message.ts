import { DeserializationError } from '../../messaging/errors.js';
import { Message } from '../../messaging/message.js';
import type { ConsumedRecord } from '../client/consumer-client.js';

/** A consumed record as a handler's message; headers and payload are decoded when asked for, once. */
export class KafkaMessage<T = unknown> extends Message<T> {
  private decodedHeaders: Record<string, string | string[]> | undefined;
  private groupedHeaders: Record<string, Buffer | Buffer[]> | undefined;
  private decodedPayload: { value: T } | undefined;

  constructor(private readonly record: ConsumedRecord) {
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
    this.decodedPayload ??= { value: parseJson(this.record) as T };
    return this.decodedPayload.value;
  }
}

function parseJson({ topic, partition, offset, value }: ConsumedRecord): unknown {
  if (value === null) return null;
  try {
    return JSON.parse(value.toString('utf8'));
  } catch (cause) {
    const text = `The value of ${topic}-${partition}@${offset} (${value.length} bytes) is not JSON: ${(cause as Error).message}`;
    throw new DeserializationError(text, { cause });
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
