import { MessagingError } from '../messaging/errors.js';
import { optionalPackage } from './optional-package.js';
import type { ResolvedSchema, SchemaCodec, SchemaKind } from './schema-codec.js';

/** What we use of `ajv`. */
interface Ajv {
  addSchema(schema: unknown, name: string): void;
  compile(schema: unknown): ((value: unknown) => boolean) & { errors?: unknown[] | null };
  errorsText(errors: unknown[] | null | undefined): string;
}
type AjvClass = new (options: object) => Ajv;

/** Registries keep schemas with keywords of other tools; formats are checked by none unless it is told how. */
const options = { strict: false, validateFormats: false, allErrors: true };

export const jsonSchema: SchemaKind = {
  type: 'JSON',
  async compile({ schema, references }: ResolvedSchema): Promise<SchemaCodec> {
    const parsed = JSON.parse(schema) as { $schema?: string; $id?: string };
    const ajv = new (await ajvFor(parsed.$schema ?? ''))(options);
    for (const { name, schema: referenced } of references)
      ajv.addSchema(JSON.parse(referenced), absolute(name, parsed.$id));
    const validate = ajv.compile(parsed);
    const checked = (value: unknown): unknown => {
      if (validate(value)) return value;
      throw new MessagingError(ajv.errorsText(validate.errors));
    };
    return {
      decode: (bytes) => checked(JSON.parse(bytes.toString('utf8'))),
      encode: (value) => Buffer.from(JSON.stringify(checked(value))),
    };
  },
};

/** The name of a reference is what `$ref` says, which is relative to the id of the schema, if it has one. */
function absolute(name: string, id: string | undefined): string {
  return id !== undefined && URL.canParse(name, id) ? new URL(name, id).href : name;
}

/** Each draft has a class of its own; the default is that of draft 7. */
async function ajvFor(draft: string): Promise<AjvClass> {
  const load = (): Promise<unknown> => {
    if (draft.includes('2020-12')) return import('ajv/dist/2020.js');
    return draft.includes('2019-09') ? import('ajv/dist/2019.js') : import('ajv');
  };
  const loaded = await optionalPackage<AjvClass | { default: AjvClass }>('ajv', 'JSON Schema', load);
  return 'default' in loaded ? loaded.default : loaded;
}
