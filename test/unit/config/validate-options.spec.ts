import { describe, expect, it } from '@jest/globals';
import { MessagingError } from '../../../lib/messaging/errors.js';
import { validateOptions } from '../../../lib/config/validate-options.js';
import { errorOf, faultLinesOf } from './support.js';

const minimal = { brokers: ['localhost:9092'] };
const millisecondsAdvice = 'Write the number alone, without quotes and without a unit.';
const textAdvice = 'Write text; in YAML, put one that looks like a number in quotes.';

function faultsOf(options: object): string[] {
  return faultLinesOf(() => validateOptions({ ...minimal, ...options }));
}

describe('settings', () => {
  it('have the defaults and what was given', () => {
    expect(validateOptions({ ...minimal, group: 'g', retry: { maxDelayMs: 1000 } })).toEqual({
      brokers: ['localhost:9092'],
      group: 'g',
      autoCommit: true,
      commitIntervalMs: 1000,
      commitAfterRecords: 10000,
      processingOrder: 'partition',
      concurrency: 100,
      ackTimeoutMs: 60000,
      format: 'json',
      formats: {},
      useGlobalEnhancers: false,
      onCrash: 'restart',
      startFromBeginning: false,
      autoStart: true,
      sessionTimeoutMs: 30000,
      heartbeatIntervalMs: 3000,
      rebalanceTimeoutMs: 60000,
      shutdownTimeoutMs: 30000,
      clientId: 'nestjs-kafka',
      connectionTimeoutMs: 10000,
      requestTimeoutMs: 30000,
      fetch: {
        minBytes: 1,
        maxBytes: 10485760,
        maxBytesPerPartition: 1048576,
        maxWaitMs: 5000,
        maxBufferedBytes: 52428800,
        checkCrcs: false,
      },
      producer: {
        lingerMs: 0,
        deliveryTimeoutMs: 120000,
        maxRequestBytes: 1048576,
        maxBufferedBytes: 67108864,
        compression: 'none',
      },
      assignors: ['cooperative-sticky'],
      leaveOnStop: true,
      maxInFlightRecords: 10000,
      maxInFlightBytes: 67108864,
      deadLetter: false,
      createTopics: true,
      retry: { initialDelayMs: 500, multiplier: 2, maxDelayMs: 1000, jitter: 'full' },
      onExhausted: 'retry',
      ssl: false,
    });
  });

  it('may be given again', () => {
    const settings = validateOptions({ ...minimal, ssl: { servername: 'broker' } });
    expect(validateOptions(settings)).toEqual(settings);
  });

  it('take null and undefined for not given', () => {
    const options = { ...minimal, group: undefined, retry: null, fetch: { minBytes: null }, ssl: undefined };
    expect(validateOptions(options)).toEqual(validateOptions(minimal));
  });

  it('leave the options as they were', () => {
    const options = { ...minimal, retry: { maxAttempts: 1 }, ssl: { rejectUnauthorized: false } };
    validateOptions(Object.freeze(options));
    expect(options).toEqual({ ...minimal, retry: { maxAttempts: 1 }, ssl: { rejectUnauthorized: false } });
  });

  it.each(['localhost:9092', '10.0.0.1:1', 'kafka_1.internal-net:65535'])('accept the broker %s', (broker) => {
    expect(validateOptions({ brokers: [broker] }).brokers).toEqual([broker]);
  });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])('accept sasl %s', (mechanism) => {
    const sasl = { mechanism, username: 'u', password: 'p' };
    expect(validateOptions({ ...minimal, sasl }).sasl).toEqual(sasl);
  });

  it('accept oauthbearer with a token provider', () => {
    const sasl = { mechanism: 'oauthbearer', tokenProvider: async () => ({ value: 'token' }) };
    expect(validateOptions({ ...minimal, sasl }).sasl).toEqual(sasl);
  });
});

describe('the error', () => {
  it('lists every fault, one a line, and carries them', () => {
    const error = errorOf(() => validateOptions({ autoCommit: 'maybe', retry: { jitter: 'half' } }));
    expect(error).toBeInstanceOf(MessagingError);
    expect(error.name).toBe('KafkaConfigError');
    expect(error.message).toBe(
      [
        'The Kafka configuration has 3 faults:',
        '  - brokers: expected a list of at least one "host:port", got nothing. Write a list, in YAML one item a line after "- ".',
        '  - autoCommit: expected true or false, got "maybe". Write true or false, without quotes.',
        '  - retry.jitter: expected "full" or "none", got "half". Write it exactly so.',
      ].join('\n'),
    );
    expect(error.faults).toContainEqual({
      path: 'retry.jitter',
      received: '"half"',
      expected: '"full" or "none"',
      change: 'Write it exactly so.',
    });
  });

  it.each([
    [undefined, 'nothing'],
    [[], 'an empty list'],
    ['a:9092', 'a text (hidden)'],
  ])('says so when %j is no options at all', (input, received) => {
    expect(errorOf(() => validateOptions(input)).message).toBe(
      `The Kafka configuration has a fault:\n  - options: expected an object, got ${received}. ` +
        'Return the options from useFactory, or call forRoot() without an argument to read file and environment.',
    );
  });
});

describe('brokers', () => {
  it.each([
    [undefined, 'nothing'],
    [[], 'an empty list'],
    [5, '5'],
    ['localhost:9092', '"localhost:9092"'],
  ])('%j', (brokers, received) => {
    expect(faultsOf({ brokers })).toEqual([
      `brokers: expected a list of at least one "host:port", got ${received}. Write a list, in YAML one item a line after "- ".`,
    ]);
  });

  const name = 'Write the name or address of the broker, a colon and its port, usually 9092.';

  it.each([
    ['localhost', '"host:port", got "localhost". Add the port, usually 9092.'],
    ['localhost:', '"host:port", got "localhost:". Add the port, usually 9092.'],
    [
      '[::1]:9092',
      '"host:port", got "[::1]:9092". kafkajs takes no IPv6 address here; give a name that resolves to it.',
    ],
    ['localhost:70000', 'a port from 1 to 65535, got "localhost:70000". Correct the port, usually 9092.'],
    ['localhost:0', 'a port from 1 to 65535, got "localhost:0". Correct the port, usually 9092.'],
    ['localhost:kafka', 'a port from 1 to 65535, got "localhost:kafka". Correct the port, usually 9092.'],
    [':9092', `"host:port", got ":9092". ${name}`],
    ['a b:9092', `"host:port", got "a b:9092". ${name}`],
    ['a:9092:9093', `"host:port", got "a:9092:9093". ${name}`],
    ['[localhost]:9092', `"host:port", got "[localhost]:9092". ${name}`],
    [9092, `"host:port", got 9092. ${name}`],
    [null, `"host:port", got nothing. ${name}`],

    [
      'kafka://a:9092',
      '"host:port", got "kafka://a:9092". Leave out the scheme; credentials belong in sasl, TLS in ssl.',
    ],
  ])('with the item %j', (broker, rest) => {
    expect(faultsOf({ brokers: ['a:1', broker] })).toEqual([`brokers[1]: expected ${rest}`]);
  });
});

describe('topics', () => {
  it('an empty list', () => {
    expect(faultsOf({ topics: [] })).toEqual([
      'topics: expected a list of at least one topic, got an empty list. Write a list, in YAML one item a line after "- ".',
    ]);
  });

  it.each([
    ['', 'got "". It is empty.'],
    ['..', 'got "..". It must not be "." or "..".'],
    ['a b', 'got "a b". It may only have letters, digits, ".", "_" and "-".'],
    ['x'.repeat(250), 'got a text of 250 characters. It has 250 characters, 249 are allowed.'],
    [7, 'got 7. It is no text.'],
  ])('with the item %j', (topic, rest) => {
    expect(faultsOf({ topics: ['orders', topic] })).toEqual([`topics[1]: expected a legal topic name, ${rest}`]);
  });
});

describe('numbers', () => {
  it.each([
    ['sessionTimeoutMs', 2147483648, '2147483648'],
    ['sessionTimeoutMs', '30000', '"30000"'],
    ['sessionTimeoutMs', Infinity, 'Infinity'],
    ['connectTimeoutMs', -1, '-1'],
    ['connectTimeoutMs', 1.5, '1.5'],
    ['requestTimeoutMs', NaN, 'NaN'],
    ['maxInFlightRecords', 0, '0'],
  ])('%s: %j', (path, value, received) => {
    expect(faultsOf({ [path]: value })).toEqual([
      `${path}: expected a whole number from 1 to 2147483647, got ${received}. ${millisecondsAdvice}`,
    ]);
  });

  it.each([
    [{ retry: { maxAttempts: 0 } }, 'retry.maxAttempts: expected a whole number from 1 to 2147483647, got 0.'],
    [{ retry: { initialDelayMs: -1 } }, 'retry.initialDelayMs: expected a whole number from 0 to 2147483647, got -1.'],
    [{ shutdownTimeoutMs: 0.5 }, 'shutdownTimeoutMs: expected a whole number from 0 to 2147483647, got 0.5.'],
    [
      { maxInFlightBytes: 2 ** 53 },
      'maxInFlightBytes: expected a whole number from 1 to 9007199254740991, got 9007199254740992.',
    ],
  ])('%j', (options, line) => {
    expect(faultsOf(options)).toEqual([`${line} ${millisecondsAdvice}`]);
  });

  it('a multiplier below one', () => {
    expect(faultsOf({ retry: { multiplier: 0.5 } })).toEqual([
      'retry.multiplier: expected a number from 1, got 0.5. Write the number alone, without quotes.',
    ]);
  });
});

describe('other types', () => {
  it.each([
    [{ group: 5 }, `group: expected a text that is not blank, got 5. ${textAdvice}`],
    [{ clientId: ' ' }, `clientId: expected a text that is not blank, got " ". ${textAdvice}`],
    [{ autoStart: 0 }, 'autoStart: expected true or false, got 0. Write true or false, without quotes.'],
    [{ onExhausted: 'drop' }, 'onExhausted: expected "retry", "skip" or "stop", got "drop". Write it exactly so.'],
    [{ fetch: [] }, 'fetch: expected a mapping, got an empty list. Write its options below it, one a line.'],
    [{ retry: 5 }, 'retry: expected a mapping, got 5. Write its options below it, one a line.'],
    [{ retry: [{ maxAttempts: 1 }] }, 'retry: expected a mapping, got a list. Write its options below it, one a line.'],
    [{ ssl: 'on' }, 'ssl: expected true, false or a mapping, got "on". Write its options below it, one a line.'],
  ])('%j', (options, line) => {
    expect(faultsOf(options)).toEqual([line]);
  });
});

describe('unknown options', () => {
  it.each([
    [{ sesionTimeoutMs: 1 }, 'sesionTimeoutMs', 'Did you mean sessionTimeoutMs?'],
    [{ 'auto-commit': true }, 'auto-commit', 'Did you mean autoCommit?'],
    [{ groupId: 'g' }, 'groupId', 'Did you mean group?'],
    [{ rety: {} }, 'rety', 'Did you mean retry?'],
    [{ maxAttempts: 3 }, 'maxAttempts', 'Did you mean retry.maxAttempts?'],
    [{ retry: { maxAtempts: 3 } }, 'retry.maxAtempts', 'Did you mean retry.maxAttempts?'],
    [{ fetch: { autoCommit: true } }, 'fetch.autoCommit', 'Did you mean autoCommit?'],
    [{ quantumEntanglement: true }, 'quantumEntanglement', 'Remove it.'],
    [{ toString: 1 }, 'toString', 'Remove it.'],
  ])('%j', (options, path, advice) => {
    expect(faultsOf(options)).toEqual([`${path}: expected an option, got an unknown one. ${advice}`]);
  });
});

describe('options that do not fit each other', () => {
  it.each([
    [
      { heartbeatIntervalMs: 5000, sessionTimeoutMs: 5000 },
      'heartbeatIntervalMs: expected less than sessionTimeoutMs (5000), got 5000. Lower it, or raise sessionTimeoutMs.',
    ],
    [
      { sessionTimeoutMs: 2000 },
      'heartbeatIntervalMs: expected less than sessionTimeoutMs (2000), got 3000, the default. Lower it, or raise sessionTimeoutMs.',
    ],
    [
      { retry: { initialDelayMs: 40000 } },
      'retry.initialDelayMs: expected at most retry.maxDelayMs (30000, the default), got 40000. Lower it, or raise retry.maxDelayMs.',
    ],
    [
      { retry: { maxDelayMs: 0 } },
      'retry.initialDelayMs: expected at most retry.maxDelayMs (0), got 500, the default. Lower it, or raise retry.maxDelayMs.',
    ],
    [
      { fetch: { minBytes: 11, maxBytes: 10 } },
      'fetch.minBytes: expected at most fetch.maxBytes (10), got 11. Lower it, or raise fetch.maxBytes.',
    ],
  ])('%j', (options, line) => {
    expect(faultsOf(options)).toEqual([line]);
  });

  it('may be equal where at most is meant', () => {
    expect(validateOptions({ ...minimal, retry: { initialDelayMs: 0, maxDelayMs: 0 } }).retry.maxDelayMs).toBe(0);
  });
});

describe('sasl', () => {
  const mechanisms = '"plain", "scram-sha-256", "scram-sha-512" or "oauthbearer"';

  it('without username and password', () => {
    expect(faultsOf({ sasl: { mechanism: 'plain' } })).toEqual([
      `sasl.username: expected a text that is not blank, got nothing. ${textAdvice}`,
      `sasl.password: expected a text that is not blank, got nothing. ${textAdvice}`,
    ]);
  });

  it.each([
    [{}, 'nothing'],
    [{ mechanism: 'gssapi' }, '"gssapi"'],
    [{ mechanism: 'PLAIN' }, '"PLAIN"'],
  ])('with the mechanism of %j', (given, received) => {
    expect(faultsOf({ sasl: { username: 'u', password: 'p', ...given } })).toEqual([
      `sasl.mechanism: expected ${mechanisms}, got ${received}. Write it exactly so.`,
    ]);
  });

  it('oauthbearer without a token provider', () => {
    expect(faultsOf({ sasl: { mechanism: 'oauthbearer' } })).toEqual([
      'sasl.tokenProvider: expected a function, got nothing. It can only be given in code: ' +
        'leave sasl out of file and environment, and add it in useFactory.',
    ]);
  });

  it('oauthbearer with a username', () => {
    const sasl = { mechanism: 'oauthbearer', tokenProvider: () => undefined, username: 'u' };
    expect(faultsOf({ sasl })).toEqual([
      'sasl.username: expected an option, got an unknown one. Remove it: sasl.mechanism does not take it.',
    ]);
  });
});
