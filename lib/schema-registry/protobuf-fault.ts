/** What we use of a field of `protobufjs`. */
export interface ProtoField {
  readonly name: string;
  readonly type: string;
  readonly repeated: boolean;
  readonly map: boolean;
  readonly resolvedType: { readonly fieldsArray: readonly ProtoField[] } | ProtoEnum | null;
  resolve(): ProtoField;
}

interface ProtoEnum {
  readonly values: Readonly<Record<string, number>>;
}

type Rule = (value: unknown) => boolean;

/** Also as text, and as the objects of `long`. */
const integer =
  (narrowed: (value: bigint) => bigint): Rule =>
  (value) => {
    if (typeof value === 'object') return value !== null && 'low' in value && 'high' in value;
    const isWhole = typeof value === 'string' ? /^-?\d+$/.test(value) : Number.isSafeInteger(value);
    if (typeof value !== 'bigint' && !isWhole) return false;
    return narrowed(BigInt(value as bigint)) === BigInt(value as bigint);
  };
const int32 = integer((value) => BigInt.asIntN(32, value));
const uint32 = integer((value) => BigInt.asUintN(32, value));
const int64 = integer((value) => BigInt.asIntN(64, value));
const uint64 = integer((value) => BigInt.asUintN(64, value));
const float: Rule = (value) => typeof value === 'number' || ['NaN', 'Infinity', '-Infinity'].includes(value as string);

const scalars: Readonly<Record<string, Rule>> = {
  double: float,
  float,
  int32,
  sint32: int32,
  sfixed32: int32,
  uint32,
  fixed32: uint32,
  int64,
  sint64: int64,
  sfixed64: int64,
  uint64,
  fixed64: uint64,
  bool: (value) => typeof value === 'boolean',
  string: (value) => typeof value === 'string',
  bytes: (value) => value instanceof Uint8Array || Array.isArray(value) || typeof value === 'string',
};

/** Where a value is not of its message; `protobufjs` would write a 0 or nothing in its place. */
export function protobufFault(fields: readonly ProtoField[], value: unknown, path = ''): string | undefined {
  if (!isMapping(value)) return `${path || 'the value'}: object expected`;
  if ('@type' in value) return undefined; // any message, which `protobufjs` looks up
  for (const field of fields) {
    const fault = fieldFault(field.resolve(), value[field.name], path ? `${path}.${field.name}` : field.name);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function fieldFault(field: ProtoField, value: unknown, path: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (field.map && !isMapping(value)) return `${path}: object expected`;
  if (field.repeated && !Array.isArray(value)) return `${path}: array expected`;
  if (!field.map && !field.repeated) return oneFault(field, value, path);
  const faults = Object.entries(value).map(([key, one]) => oneFault(field, one, `${path}[${key}]`));
  return faults.find((fault) => fault !== undefined);
}

function oneFault({ type, resolvedType }: ProtoField, value: unknown, path: string): string | undefined {
  if (resolvedType && 'fieldsArray' in resolvedType) return protobufFault(resolvedType.fieldsArray, value, path);
  const isFit = resolvedType
    ? Number.isInteger(value) || Object.hasOwn(resolvedType.values, String(value))
    : scalars[type]!(value);
  return isFit ? undefined : `${path}: ${type} expected`;
}

/** A `Date` has nothing of a message. */
function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
