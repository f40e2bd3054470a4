import type { RegisteredSchema, SchemaReference, SchemaType } from './registry-client.js';

/** A schema with those it builds on, each behind those that it needs itself. */
export interface ResolvedSchema {
  readonly schema: string;
  readonly references: readonly (SchemaReference & Pick<RegisteredSchema, 'schema'>)[];
}

/** Reads and writes values of one schema: what stands behind the id. */
export interface SchemaCodec {
  /** @throws when the bytes are not of the schema */
  decode(bytes: Buffer): unknown;

  /** @throws when the value is not */
  encode(value: unknown): Buffer;
}

/** A kind of schema. */
export interface SchemaKind {
  readonly type: SchemaType;

  /** @throws MessagingError when its package is missing, and others when the schema is none */
  compile(schema: ResolvedSchema): Promise<SchemaCodec>;
}
