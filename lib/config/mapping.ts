/** An object with named members, as a YAML mapping or an options object is. */
export type Mapping = Record<string, unknown>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy without the members that are null or undefined: `retry:` with nothing below it is YAML for null. */
export function withoutNothing(mapping: Mapping): Mapping {
  const present = Object.entries(mapping).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(present.map(([key, value]) => [key, isPlain(value) ? withoutNothing(value) : value]));
}

/** Others, such as formats, have more than their members. */
function isPlain(value: unknown): value is Mapping {
  return isMapping(value) && (Object.getPrototypeOf(Object.getPrototypeOf(value) ?? value) ?? null) === null;
}

/** The value at a path such as `retry.maxAttempts`. */
export function valueAt(mapping: Mapping, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isMapping(value) ? value[key] : undefined), mapping);
}
