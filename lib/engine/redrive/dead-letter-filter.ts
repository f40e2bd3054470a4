import { createHash } from 'node:crypto';
import type { DeadLetter } from './dead-letter.js';

/**
 * Which dead letters are meant: those for which everything holds that is given.
 *
 * @publicApi
 */
export interface DeadLetterFilter {
  /** The class of the error, as the header `error-class` names it. */
  errorClass?: string;

  /** The topic it was first read from. */
  originalTopic?: string;

  /** The group that gave it up. */
  group?: string;

  /** The handler that gave it up, `Class.method`. */
  handler?: string;

  /** The key, as UTF-8. */
  key?: string;

  /** Values of its own headers, as UTF-8. */
  headers?: Readonly<Record<string, string>>;

  /** Not before this time, by the timestamp of the dead letter. */
  from?: Date;

  /** Before this time. */
  to?: Date;

  /** Of the dead-letter topic. */
  partition?: number;

  /** In the dead-letter topic, from this offset on. */
  fromOffset?: number;

  /** In the dead-letter topic, before this offset. */
  toOffset?: number;
}

export function matches(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  const { record } = letter;
  const { from, to, fromOffset = 0, toOffset = Infinity, key, headers = {} } = filter;
  return (
    isOneOf(letter, filter) &&
    (key === undefined || record.key?.toString('utf8') === key) &&
    Object.entries(headers).every(([name, value]) => hasHeader(letter, name, value)) &&
    (from === undefined || record.timestamp >= from.getTime()) &&
    (to === undefined || record.timestamp < to.getTime()) &&
    record.offset >= fromOffset &&
    record.offset < toOffset
  );
}

/** Whether some record of a partition may match. */
export function concerns(partition: number, filter: DeadLetterFilter): boolean {
  return filter.partition === undefined || filter.partition === partition;
}

/** The same for filters that say the same. */
export function filterId(filter: DeadLetterFilter): string {
  const given = Object.entries(filter as Record<string, unknown>).filter(([name, value]) => restricts(name, value));
  const sortedHeaders = given.some(([name]) => name === 'headers')
    ? Object.entries(filter.headers!).toSorted(byName)
    : undefined;
  const canonical = JSON.stringify([...given.filter(([name]) => name !== 'headers').toSorted(byName), sortedHeaders]);
  return createHash('sha256').update(canonical).digest('hex').slice(0, 12);
}

function restricts(name: string, value: unknown): boolean {
  if (name === 'fromOffset') return value !== undefined && value !== 0;
  if (name === 'headers') return Object.keys(value ?? {}).length > 0;
  return value !== undefined;
}

const compared = ['errorClass', 'originalTopic', 'group', 'handler'] as const;

function isOneOf(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  return compared.every((name) => filter[name] === undefined || filter[name] === letter[name]);
}

function hasHeader({ headers }: DeadLetter, name: string, value: string): boolean {
  return headers.some(([own, bytes]) => own === name && bytes?.toString('utf8') === value);
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
