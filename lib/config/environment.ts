import { describeValue } from './describe-value.js';
import type { ConfigFault } from './kafka-config.error.js';
import { isMapping, type Mapping } from './mapping.js';

export type OptionType = 'text' | 'boolean' | 'integer' | 'number' | 'list';

/** Options that only code can give: they are functions, or hold some. */
export const codeOptions = ['formats', 'retry.delay', 'nonRetriable', 'classify', 'sasl.tokenProvider'] as const;

/** Every other option, with its type. */
export const environmentOptions = {
  brokers: 'list',
  group: 'text',
  topics: 'list',
  autoCommit: 'boolean',
  commitIntervalMs: 'integer',
  commitAfterRecords: 'integer',
  processingOrder: 'text',
  concurrency: 'integer',
  handlerTimeoutMs: 'integer',
  ackTimeoutMs: 'integer',
  format: 'text',
  useGlobalEnhancers: 'boolean',
  onCrash: 'text',
  startFromBeginning: 'boolean',
  autoStart: 'boolean',
  sessionTimeoutMs: 'integer',
  heartbeatIntervalMs: 'integer',
  rebalanceTimeoutMs: 'integer',
  shutdownTimeoutMs: 'integer',
  connectTimeoutMs: 'integer',
  clientId: 'text',
  rackId: 'text',
  connectionTimeoutMs: 'integer',
  requestTimeoutMs: 'integer',
  'fetch.minBytes': 'integer',
  'fetch.maxBytes': 'integer',
  'fetch.maxBytesPerPartition': 'integer',
  'fetch.maxWaitMs': 'integer',
  'fetch.maxBufferedBytes': 'integer',
  'fetch.checkCrcs': 'boolean',
  'producer.lingerMs': 'integer',
  'producer.deliveryTimeoutMs': 'integer',
  'producer.maxRequestBytes': 'integer',
  'producer.maxBufferedBytes': 'integer',
  'producer.compression': 'text',
  assignors: 'list',
  groupInstanceId: 'text',
  leaveOnStop: 'boolean',
  maxInFlightRecords: 'integer',
  maxInFlightBytes: 'integer',
  'retry.maxAttempts': 'integer',
  'retry.initialDelayMs': 'integer',
  'retry.multiplier': 'number',
  'retry.maxDelayMs': 'integer',
  'retry.jitter': 'text',
  deadLetter: 'boolean',
  'deadLetter.topic': 'text',
  createTopics: 'boolean',
  onExhausted: 'text',
  ssl: 'boolean',
  'ssl.ca': 'text',
  'ssl.cert': 'text',
  'ssl.key': 'text',
  'ssl.passphrase': 'text',
  'ssl.servername': 'text',
  'ssl.rejectUnauthorized': 'boolean',
  'sasl.mechanism': 'text',
  'sasl.username': 'text',
  'sasl.password': 'text',
} as const satisfies Record<string, OptionType>;

/** `retry.maxAttempts` is `KAFKA_RETRY_MAX_ATTEMPTS`. */
export function environmentName(path: string): string {
  return `KAFKA_${path.replace(/\./g, '_').replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

interface Parser {
  /** `undefined` for a text that is not of the type. */
  parse(text: string): unknown;
  expected: string;
  change: string;
}

/** `Infinity` is a number here, so that the environment can lift a limit the file sets. */
const parsers: Record<OptionType, Parser> = {
  text: { parse: (text) => text, expected: 'text', change: '' },
  boolean: { parse: parseBoolean, expected: 'true or false', change: 'Write true or false.' },
  integer: {
    parse: (text) => parseNumber(text, /^-?(\d+|Infinity)$/),
    expected: 'a whole number',
    change: 'Write the number alone, without a unit.',
  },
  number: {
    parse: (text) => parseNumber(text, /^-?\d+(\.\d+)?$/),
    expected: 'a number',
    change: 'Write the number alone, without a unit.',
  },
  list: { parse: parseList, expected: 'a list separated by commas', change: 'Name at least one item, or unset it.' },
};

/**
 * The options that the environment gives, and the faults of variables that cannot be read as what they should be.
 * An empty variable counts as not set. A `KAFKA_…` variable that is no option of ours is left alone: other tools use
 * the prefix too. `KAFKA_SSL=false` switches TLS off whatever `KAFKA_SSL_…` say; `true` goes well with them.
 */
export function readEnvironment(env: NodeJS.ProcessEnv): { options: Mapping; faults: ConfigFault[] } {
  const options: Mapping = {};
  const faults: ConfigFault[] = [];
  for (const [path, type] of Object.entries(environmentOptions)) {
    const text = env[environmentName(path)];
    if (!text) continue;
    const value = parsers[type].parse(text);
    if (value === undefined) faults.push(faultOf(path, type, text));
    else put(options, path, value);
  }
  return { options, faults };
}

function put(options: Mapping, path: string, value: unknown): void {
  const [name = path, member] = path.split('.');
  if (member === undefined) options[name] = value;
  else if (options[name] !== false) options[name] = { ...(isMapping(options[name]) && options[name]), [member]: value };
}

function faultOf(path: string, type: OptionType, text: string): ConfigFault {
  const { expected, change } = parsers[type];
  return { path, source: environmentName(path), received: describeValue(path, text), expected, change };
}

function parseBoolean(text: string): boolean | undefined {
  const lower = text.trim().toLowerCase();
  return lower === 'true' || lower === 'false' ? lower === 'true' : undefined;
}

function parseNumber(text: string, form: RegExp): number | undefined {
  return form.test(text.trim()) ? Number(text) : undefined;
}

function parseList(text: string): string[] | undefined {
  const items = text.split(',').map((item) => item.trim());
  const named = items.filter((item) => item !== '');
  return named.length > 0 ? named : undefined;
}
