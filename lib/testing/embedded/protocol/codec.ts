import { MalformedError } from './malformed.error.js';
import { type Reader } from './reader.js';
import { type Writer } from './writer.js';

/** How one field is read and written. The API table is built of these. */
export interface Codec<T> {
  read(from: Reader): T;
  write(to: Writer, value: T): void;

  /** The value that says nothing; what the other fields of an error answer hold. */
  blank(): T;
}

/** The type of the values of a codec. */
export type Value<C> = C extends Codec<infer T> ? T : never;

type Fields = Record<string, Codec<unknown>>;
type Struct<F extends Fields> = { [K in keyof F]: Value<F[K]> };

/** Fields in the order of the wire. The names are looked up by error answers, see `refusal.ts`. */
export interface StructCodec<F extends Fields> extends Codec<Struct<F>> {
  readonly fields: F;
}

export interface ArrayCodec<T> extends Codec<T[]> {
  readonly item: Codec<T>;
}

function primitive<T>(read: (from: Reader) => T, write: (to: Writer, value: T) => void, blank: T): Codec<T> {
  return { read, write, blank: () => blank };
}

const number = (type: 'int8' | 'int16' | 'int32' | 'int64', blank = 0): Codec<number> =>
  primitive(
    (from) => from[type](),
    (to, value) => to[type](value),
    blank,
  );

export const int8 = number('int8');
export const int16 = number('int16');
export const int32 = number('int32');
export const int64 = number('int64');

/** An offset, timestamp or id that is -1 where there is none. */
export const offset = number('int64', -1);
export const generation = number('int32', -1);
export const epoch = number('int16', -1);

export const bool: Codec<boolean> = primitive(
  (from) => from.int8() !== 0,
  (to, value) => to.int8(value ? 1 : 0),
  false,
);

export const nullableString: Codec<string | null> = primitive(
  (from) => {
    const length = from.isFlexible ? from.uvarint() - 1 : from.int16();
    return length === -1 ? null : from.string(length);
  },
  (to, value) => {
    const encoded = value === null ? null : Buffer.from(value);
    const length = encoded?.length ?? -1;
    if (to.isFlexible) to.uvarint(length + 1);
    else to.int16(length);
    if (encoded) to.bytes(encoded);
  },
  null,
);

/** A string that should not be null. A null is read as the empty string: clients do send it, for a topic's name too. */
export const string: Codec<string> = primitive(
  (from) => nullableString.read(from) ?? '',
  (to, value) => nullableString.write(to, value),
  '',
);

const NOTHING = Buffer.alloc(0);

export const bytes: Codec<Buffer> = primitive(
  (from) => {
    const length = from.int32();
    return length === -1 ? NOTHING : from.bytes(length);
  },
  (to, value) => {
    to.int32(value.length);
    to.bytes(value);
  },
  NOTHING,
);

/** Record batches, written one after the other without joining them first. */
export const batches: Codec<Buffer[]> = {
  read: (from) => [bytes.read(from)],
  write: (to, value) => {
    to.int32(value.reduce((sum, batch) => sum + batch.length, 0));
    for (const batch of value) to.bytes(batch);
  },
  blank: () => [],
};

export function array<T>(item: Codec<T>): ArrayCodec<T> {
  const codec = nullableArray(item);
  return {
    item,
    read: (from) => codec.read(from) ?? [],
    write: (to, value) => codec.write(to, value),
    blank: () => [],
  };
}

export function nullableArray<T>(item: Codec<T>): Codec<T[] | null> {
  return {
    read: (from) => {
      const length = from.isFlexible ? from.uvarint() - 1 : from.int32();
      if (length === -1) return null;
      // Every item takes a byte at least: a length beyond that is a lie, and must not become an allocation.
      if (length < 0 || length > from.remaining) {
        throw new MalformedError(`expected an array of at most ${from.remaining} items, got ${length}`);
      }
      const items: T[] = [];
      for (let i = 0; i < length; i++) items.push(item.read(from));
      return items;
    },
    write: (to, value) => {
      const length = value?.length ?? -1;
      if (to.isFlexible) to.uvarint(length + 1);
      else to.int32(length);
      for (const entry of value ?? []) item.write(to, entry);
    },
    blank: () => null,
  };
}

export function struct<F extends Fields>(fields: F): StructCodec<F> {
  const entries = Object.entries(fields);
  const each = (of: (codec: Codec<unknown>) => unknown) =>
    Object.fromEntries(entries.map(([name, codec]) => [name, of(codec)])) as Struct<F>;
  return {
    fields,
    read: (from) => {
      const value: Record<string, unknown> = {};
      for (const [name, codec] of entries) value[name] = codec.read(from);
      if (from.isFlexible) skipTags(from);
      return value as Struct<F>;
    },
    write: (to, value) => {
      for (const [name, codec] of entries) codec.write(to, value[name]);
      if (to.isFlexible) to.uvarint(0);
    },
    blank: () => each((codec) => codec.blank()),
  };
}

/** The tagged fields at the end of a structure, of which none is known here. */
export function skipTags(from: Reader): void {
  for (let left = from.uvarint(); left > 0; left--) {
    from.uvarint();
    from.bytes(from.uvarint());
  }
}

/** A field that the wire has from an API version on. */
export function since<T>(version: number, codec: Codec<T>): Codec<T> {
  return {
    read: (from) => (from.version >= version ? codec.read(from) : codec.blank()),
    write: (to, value) => {
      if (to.version >= version) codec.write(to, value);
    },
    blank: () => codec.blank(),
  };
}
