import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { RedriveOptions } from '../dead-letters/dead-letter.service.js';
import { MessagingError } from '../messaging/errors.js';

export const usage = `Usage:
  nestjs-kafka-redrive list <dead-letter topic> [filter]
  nestjs-kafka-redrive show <dead-letter topic> <partition> <offset>
  nestjs-kafka-redrive redrive <dead-letter topic> [filter] [--dry-run] [--limit n] [--rate n] [--max-redrives n]

list counts dead letters by topic, class of error and age; show prints one; redrive moves them back to their topics,
each once. Stopped, it goes on where it was when the same command is given again.

Filter (all that are given have to hold):
  --error-class name        the class of the error
  --original-topic topic    where it was first read from
  --group name              the group that gave it up
  --handler Class.method    the handler that gave it up
  --key text                the key
  --header name=value       a header of its own; may be repeated
  --from time, --to time    when it was given up on: an ISO 8601 time; --to is exclusive
  --partition n             of the dead-letter topic
  --from-offset n, --to-offset n   in the dead-letter topic; --to-offset is exclusive

Redrive:
  --dry-run                 tells what would be moved
  --limit n                 moves n at most
  --rate n                  moves n a second at most
  --max-redrives n          leaves out what was redriven n times before (default 3)

Connection, as for the application: config.yaml or KAFKA_CONFIG_FILE, and KAFKA_... variables; or
  --brokers host:port,...
  --config file
`;

const options = {
  'error-class': { type: 'string' },
  'original-topic': { type: 'string' },
  group: { type: 'string' },
  handler: { type: 'string' },
  key: { type: 'string' },
  header: { type: 'string', multiple: true },
  from: { type: 'string' },
  to: { type: 'string' },
  partition: { type: 'string' },
  'from-offset': { type: 'string' },
  'to-offset': { type: 'string' },
  'dry-run': { type: 'boolean' },
  limit: { type: 'string' },
  rate: { type: 'string' },
  'max-redrives': { type: 'string' },
  brokers: { type: 'string' },
  config: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options'];

/** What a command line asks for. */
export interface Command {
  name: 'list' | 'show' | 'redrive' | 'help';
  topic: string;

  /** Of `show`. */
  partition: number;
  offset: string;

  /** Members that were not given are left out. */
  redrive: RedriveOptions;

  /** Variables that the command line sets. */
  env: NodeJS.ProcessEnv;
}

/** @throws MessagingError that says what is wrong with it */
export function readArguments(argv: readonly string[]): Command {
  const { values, positionals } = parse(argv);
  const [name = 'help', topic = '', partition, offset] = positionals;
  if (values.help || name === 'help') return { ...nothing, name: 'help' };
  if (name !== 'list' && name !== 'show' && name !== 'redrive')
    throw new MessagingError(`There is no command "${name}"`);
  const expected = name === 'show' ? 4 : 2;
  if (positionals.length !== expected) {
    const what = name === 'show' ? 'a topic, a partition and an offset' : 'a topic';
    throw new MessagingError(`${name}: expected ${what}, got "${positionals.slice(1).join(' ')}"`);
  }
  const env: NodeJS.ProcessEnv = {};
  if (values.brokers !== undefined) env.KAFKA_BROKERS = values.brokers;
  if (values.config !== undefined) env.KAFKA_CONFIG_FILE = values.config;
  const numbers = name === 'show' ? { partition: wholeNumber('partition', partition)!, offset: offset! } : {};
  if (name === 'show') wholeNumber('offset', offset);
  return { ...nothing, name, topic, ...numbers, redrive: redriveOptions(values), env };
}

const nothing = { topic: '', partition: 0, offset: '0', redrive: {}, env: {} };

type Values = ReturnType<typeof parse>['values'];

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (cause) {
    throw new MessagingError((cause as Error).message, { cause });
  }
}

function redriveOptions(values: Values): RedriveOptions {
  const all: RedriveOptions = {
    errorClass: values['error-class'],
    originalTopic: values['original-topic'],
    group: values.group,
    handler: values.handler,
    key: values.key,
    headers: values.header && Object.fromEntries(values.header.map(headerFrom)),
    from: time('from', values.from),
    to: time('to', values.to),
    partition: wholeNumber('partition', values.partition),
    fromOffset: wholeNumber('from-offset', values['from-offset']),
    toOffset: wholeNumber('to-offset', values['to-offset']),
    dryRun: values['dry-run'],
    limit: wholeNumber('limit', values.limit),
    rate: wholeNumber('rate', values.rate),
    maxRedrives: wholeNumber('max-redrives', values['max-redrives']),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function headerFrom(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new MessagingError(`--header: expected name=value, got "${text}"`);
}

function time(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  if (!Number.isNaN(date.getTime())) return date;
  throw new MessagingError(`--${name}: expected a time such as 2026-01-31T12:00:00Z, got "${text}"`);
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw new MessagingError(`${name}: expected a whole number, got "${text}"`);
}
