import { optionalPackage } from './optional-package.js';
import type { ResolvedSchema, SchemaCodec, SchemaKind } from './schema-codec.js';

interface AvroType {
  fromBuffer(bytes: Buffer): unknown;
  toBuffer(value: unknown): Buffer;
}

/** What we use of `avsc`. */
interface Avsc {
  Type: { forSchema(schema: unknown, options: { registry: Record<string, unknown> }): AvroType };
}

export const avro: SchemaKind = {
  type: 'AVRO',
  async compile({ schema, references }: ResolvedSchema): Promise<SchemaCodec> {
    const { Type } = await optionalPackage<Avsc>('avsc', 'Avro', () => import('avsc'));
    const named = { registry: {} };
    for (const reference of references) Type.forSchema(JSON.parse(reference.schema), named);
    const type = Type.forSchema(JSON.parse(schema), named);
    return { decode: (bytes) => type.fromBuffer(bytes), encode: (value) => type.toBuffer(value) };
  },
};
