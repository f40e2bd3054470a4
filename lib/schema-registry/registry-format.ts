import { DeserializationError, MessagingError } from '../messaging/errors.js';
import type { Deserializer, Serializer } from '../messaging/format.js';
import type { RegisteredSchema, RegistryClient, SchemaReference } from './registry-client.js';
import type { ResolvedSchema, SchemaCodec, SchemaKind } from './schema-codec.js';

/** How values are written. */
export interface WriteSettings {
  readonly subject: (topic: string) => string;

  /** A schema to register; the latest of the subject is taken without one. */
  readonly schema: string | undefined;
}

interface Written {
  readonly id: number;
  readonly codec: SchemaCodec;
}

/** How long the latest schema of a subject is taken for it. */
const latestMs = 300_000;

/** How long what was known goes on to hold when it cannot be asked anew. */
const staleMs = 10_000;

/** A 0, the id of the schema in 4 bytes, and the value. */
const header = 5;

/** Values behind the id of their schema. What a registry has told is kept; what failed is asked again. */
export class RegistryFormat implements Deserializer, Serializer {
  readonly eager = true;
  private readonly readers = new Kept<number, SchemaCodec>((id) => this.reader(id), Infinity);
  private readonly writers = new Kept<string, Written>((subject) => this.writer(subject), latestMs);

  constructor(
    private readonly client: RegistryClient,
    private readonly kind: SchemaKind,
    private readonly settings: WriteSettings,
  ) {}

  async deserialize(value: Buffer): Promise<unknown> {
    if (value.length < header || value[0] !== 0)
      throw new DeserializationError('not a 0 and the id of a schema, followed by a value');
    const codec = await this.readers.get(value.readInt32BE(1));
    try {
      return codec.decode(value.subarray(header));
    } catch (cause) {
      throw new DeserializationError(`not of its schema ${value.readInt32BE(1)}: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  async serialize(value: unknown, topic: string): Promise<Buffer> {
    const subject = this.settings.subject(topic);
    const { id, codec } = await this.writers.get(subject);
    try {
      return Buffer.concat([headerOf(id), codec.encode(value)]);
    } catch (cause) {
      throw new MessagingError(`The value is not of the schema of "${subject}": ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  private async reader(id: number): Promise<SchemaCodec> {
    return this.compile(await this.client.schema(id), `schema ${id}`);
  }

  private async writer(subject: string): Promise<Written> {
    const { schema } = this.settings;
    if (schema === undefined) {
      const latest = await this.client.latest(subject);
      return { id: latest.id, codec: await this.compile(latest, `the schema of "${subject}"`) };
    }
    const registered = { schema, schemaType: this.kind.type };
    const codec = await this.compile(registered, `the schema of "${subject}"`);
    return { id: await this.client.register(subject, registered), codec };
  }

  private async compile(schema: RegisteredSchema, what: string): Promise<SchemaCodec> {
    const type = schema.schemaType ?? 'AVRO';
    if (type !== this.kind.type)
      throw new DeserializationError(`of ${what}, which is ${type} and not ${this.kind.type}`);
    return this.kind.compile(await this.resolve(schema));
  }

  private async resolve({ schema, references = [] }: RegisteredSchema): Promise<ResolvedSchema> {
    const found = new Map<string, ResolvedSchema['references'][number]>();
    const add = async (reference: SchemaReference): Promise<void> => {
      if (found.has(reference.name)) return;
      const registered = await this.client.referenced(reference);
      for (const inner of registered.references ?? []) await add(inner);
      found.set(reference.name, { ...reference, schema: registered.schema });
    };
    for (const reference of references) await add(reference);
    return { schema, references: [...found.values()] };
  }
}

function headerOf(id: number): Buffer {
  const bytes = Buffer.alloc(header);
  bytes.writeInt32BE(id, 1);
  return bytes;
}

/** What was found out, for those who ask at the same time and for a while; what cannot be asked anew holds on. Nothing of what failed. */
class Kept<K, V> {
  private readonly kept = new Map<K, { value: Promise<V>; until: number }>();

  constructor(
    private readonly find: (key: K) => Promise<V>,
    private readonly keepMs: number,
  ) {}

  get(key: K): Promise<V> {
    const known = this.kept.get(key);
    if (known && known.until > Date.now()) return known.value;
    const value = this.find(key).catch((error: unknown) => {
      this.kept.delete(key);
      if (!known) throw error;
      this.kept.set(key, { value: known.value, until: Date.now() + staleMs });
      return known.value;
    });
    this.kept.set(key, { value, until: Date.now() + this.keepMs });
    return value;
  }
}
