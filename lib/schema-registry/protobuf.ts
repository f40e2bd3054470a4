import { MessagingError } from '../messaging/errors.js';
import { optionalPackage } from './optional-package.js';
import { protobufFault, type ProtoField } from './protobuf-fault.js';
import type { ResolvedSchema, SchemaCodec, SchemaKind } from './schema-codec.js';

interface ProtoNamespace {
  nestedArray?: ProtoNamespace[];
}

interface ProtoType extends ProtoNamespace {
  fullName: string;
  fieldsArray: ProtoField[];
  decode(bytes: Uint8Array): unknown;
  encode(message: unknown): { finish(): Uint8Array };
  fromObject(value: object): unknown;
  toObject(message: unknown, options: object): unknown;
  verify(message: unknown): string | null;
}

interface ProtoRoot extends ProtoNamespace {
  addJSON(json: object): ProtoRoot;
  lookup(path: string): ProtoNamespace | null;
}

/** What we use of `protobufjs`. */
interface Protobuf {
  Root: new () => ProtoRoot;
  Type: abstract new (...args: never[]) => ProtoType;
  parse(source: string, root: ProtoRoot): { package?: string; imports?: string[] };
  common: { get(file: string): { nested?: object } | null };
}

/** As in Protobuf's own mapping to JSON: 64 bits as text, enums by name, fields that are not set with their default. */
const objects = { longs: String, enums: String, defaults: true };

/** @param message the full name of what is written; the first message of the schema without it */
export function protobuf(message?: string): SchemaKind {
  return {
    type: 'PROTOBUF',
    async compile(schema: ResolvedSchema): Promise<SchemaCodec> {
      const library = await optionalPackage<Protobuf>('protobufjs', 'Protobuf', () => import('protobufjs'));
      return new ProtobufCodec(library, schema, message);
    },
  };
}

/** Behind the id stands which message of the schema it is: the index of each on the way from the file to it. */
class ProtobufCodec implements SchemaCodec {
  private readonly messages: readonly ProtoType[];

  constructor(
    private readonly library: Protobuf,
    { schema, references }: ResolvedSchema,
    private readonly message: string | undefined,
  ) {
    const root = new library.Root();
    const sources = [...references.map((reference) => reference.schema), schema];
    const parsed = sources.map((source) => library.parse(source, root));
    for (const file of parsed.flatMap(({ imports }) => imports ?? [])) {
      const known = library.common.get(file)?.nested;
      if (known) root.addJSON(known);
    }
    this.messages = this.namesIn(schema).map((name) => root.lookup(name) as ProtoType);
  }

  decode(bytes: Buffer): unknown {
    const { indexes, end } = readIndexes(bytes);
    const [first, ...inner] = indexes;
    let type = this.messages[first!];
    for (const index of inner) type = type && this.messagesOf(type)[index];
    if (!type) throw new MessagingError(`the schema has no message ${indexes.join('.')}`);
    return type.toObject(type.decode(bytes.subarray(end)), objects);
  }

  encode(value: unknown): Buffer {
    const { type, indexes } = this.written();
    const message = type.fromObject(value as object);
    const fault = protobufFault(type.fieldsArray, value) ?? type.verify(message);
    if (fault !== null) throw new MessagingError(`${type.fullName}: ${fault}`);
    return Buffer.concat([writeIndexes(indexes), type.encode(message).finish()]);
  }

  private written(): { type: ProtoType; indexes: number[] } {
    const [first] = this.messages;
    if (this.message === undefined && first) return { type: first, indexes: [0] };
    const found = this.find(this.messages, `.${this.message}`, []);
    if (found) return found;
    throw new MessagingError(`The schema has no message "${this.message}"`);
  }

  private find(
    types: readonly ProtoType[],
    name: string,
    way: number[],
  ): { type: ProtoType; indexes: number[] } | undefined {
    for (const [index, type] of types.entries()) {
      const indexes = [...way, index];
      if (type.fullName === name) return { type, indexes };
      const inner = this.find(this.messagesOf(type), name, indexes);
      if (inner) return inner;
    }
    return undefined;
  }

  /** Of its messages, in order: others of its package may stand in other files. */
  private namesIn(schema: string): string[] {
    const alone = new this.library.Root();
    const scope = this.library.parse(schema, alone).package;
    return this.messagesOf(scope ? alone.lookup(scope)! : alone).map(({ fullName }) => fullName);
  }

  private messagesOf({ nestedArray = [] }: ProtoNamespace): ProtoType[] {
    return nestedArray.filter((one): one is ProtoType => one instanceof this.library.Type);
  }
}

/** `[0]`, which is nearly always meant, is a single 0. */
function writeIndexes(indexes: readonly number[]): Buffer {
  if (indexes.length === 1 && indexes[0] === 0) return Buffer.from([0]);
  return Buffer.from([indexes.length, ...indexes].flatMap(zigzag));
}

function zigzag(value: number): number[] {
  const bytes: number[] = [];
  let rest = value * 2;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function readIndexes(bytes: Buffer): { indexes: number[]; end: number } {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || factor > 2 ** 35)
        throw new MessagingError('which message of the schema it is cannot be read');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value / 2;
    }
  };
  const count = next();
  const indexes = count === 0 ? [0] : Array.from({ length: Math.min(count, bytes.length) }, next);
  return { indexes, end: at };
}
