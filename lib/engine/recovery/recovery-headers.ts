import type { RecordHeader } from '../client/consumer-client.js';
import type { Thrown } from '../describe-thrown.js';

/**
 * What recovery writes on a record beside its own headers. All of a set are always there, so that the last of each name is
 * ours, whatever the record itself has.
 */
const failureNames = [
  'original-topic',
  'original-partition',
  'original-offset',
  'original-timestamp',
  'original-group',
  'original-handler',
  'attempts',
  'timestamp',
  'error',
  'error-class',
  'error-stack',
] as const;
const retryNames = [...failureNames, 'retry-step', 'retry-due'] as const;
const redriveNames = ['redrive-topic', 'redrive-group', 'redrive-handler', 'redrive-count'] as const;

type Values<Name extends string> = Record<Name, string>;
export type FailureValues = Values<(typeof failureNames)[number]>;
export type RetryValues = Values<(typeof retryNames)[number]>;
export type RedriveValues = Values<(typeof redriveNames)[number]>;

/** A record's own headers, and the values of ours; empty where there is none. */
export interface SplitHeaders<V> {
  own: RecordHeader[];
  values: V;
}

export function splitFailure(headers: readonly RecordHeader[]): SplitHeaders<FailureValues> {
  return split(headers, failureNames);
}

export function splitRetry(headers: readonly RecordHeader[]): SplitHeaders<RetryValues> {
  return split(headers, retryNames);
}

/** `undefined` for a record that was not redriven to this topic: one that has only taken over the headers is like any other. */
export function splitRedrive(headers: readonly RecordHeader[], topic: string): SplitHeaders<RedriveValues> | undefined {
  if (headers.every(([name]) => name !== 'redrive-topic')) return undefined;
  const found = split(headers, redriveNames);
  return found.values['redrive-topic'] === topic ? found : undefined;
}

export function joinHeaders(own: readonly RecordHeader[], values: Readonly<Record<string, string>>): RecordHeader[] {
  return [...own, ...Object.entries(values).map(([name, value]) => [name, Buffer.from(value)] as const)];
}

/** RFC 3339; milliseconds where no date can be made of them, for a producer may write any number. */
export function timeText(timestamp: number): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? String(timestamp) : date.toISOString();
}

const longestErrorBytes = 1_024;
const longestStackBytes = 8_192;

/** What the headers tell of an error, capped. */
export function errorValues({ name, message, stack = '' }: Thrown) {
  return {
    error: cut(message, longestErrorBytes),
    'error-class': cut(name, longestErrorBytes),
    'error-stack': cut(stack, longestStackBytes),
  };
}

function split<Name extends string>(
  headers: readonly RecordHeader[],
  names: readonly Name[],
): SplitHeaders<Values<Name>> {
  const own = [...headers];
  const values = {} as Values<Name>;
  for (const name of names) {
    const at = own.findLastIndex(([key]) => key === name);
    values[name] = at < 0 ? '' : (own[at]![1]?.toString('utf8') ?? '');
    if (at >= 0) own.splice(at, 1);
  }
  return { own, values };
}

/** At most so many bytes of UTF-8, and no half of a character. */
function cut(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text;
  let end = bytes;
  while ((encoded[end]! & 0xc0) === 0x80) end--;
  return encoded.toString('utf8', 0, end);
}
