import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConsoleLogger, Logger, type LoggerService } from '@nestjs/common';
import { NestLogger } from '../../../lib/connection/nest-logger.js';
import type { LogFields } from '../../../lib/engine/logger.js';
import { captured } from '../../support/captured-output.js';

const text = 'OrderHandler.created failed on orders-0@42, attempt 1; trying again in 312 ms: Error: boom';
const fields: LogFields = { event: 'failed', topic: 'orders', partition: 0, offset: '42', error: 'Error: boom' };
const stack = 'Error: boom\n    at OrderHandler.created (/srv/app/order.handler.ts:7:11)';
const levels = ['debug', 'log', 'warn', 'error'] as const;

const noColor = process.env.NO_COLOR;

beforeEach(() => {
  delete process.env.NO_COLOR;
});

afterEach(() => {
  if (noColor !== undefined) process.env.NO_COLOR = noColor;
  Logger.overrideLogger(new ConsoleLogger());
});

function written(logger: ConsoleLogger, action: () => void): string {
  Logger.overrideLogger(logger);
  return captured(action).replace(/\d+:\d+:\d+\s[AP]M/g, 'time');
}

/** The objects that a logger which writes JSON writes. */
function writtenAsJson(action: () => void): unknown[] {
  const lines = written(new ConsoleLogger({ json: true }), action)
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}

describe('A line with fields', () => {
  it.each(levels)('is written by the console logger as the text alone is: %s', (level) => {
    for (const colors of [false, true]) {
      const logger = new ConsoleLogger({ colors });
      const asText = written(logger, () => new Logger('Kafka')[level](text));
      const asEntry = written(logger, () => log(level));
      expect(asEntry).toBe(asText);
      expect(asEntry).toContain(`[Kafka]`);
      expect(asEntry.includes('\x1B[')).toBe(colors);
    }
  });

  it('is written with its stack below', () => {
    const logger = new ConsoleLogger({ colors: true });
    const asText = written(logger, () => new Logger('Kafka').error(text, stack));
    expect(written(logger, () => new NestLogger('Kafka').error(text, stack, fields))).toBe(asText);
  });

  it.each(levels)('is an object in JSON: %s', (level) => {
    expect(writtenAsJson(() => log(level))).toEqual([
      {
        level,
        pid: process.pid,
        timestamp: expect.any(Number),
        context: 'Kafka',
        message: { message: text, ...fields },
      },
    ]);
  });

  it('has its stack among the fields in JSON', () => {
    expect(writtenAsJson(() => new NestLogger('Kafka').error(text, stack, fields))).toEqual([
      expect.objectContaining({ context: 'Kafka', message: { message: text, ...fields, stack } }),
    ]);
  });

  it('shows its fields where JSON is written in colours', () => {
    const shown = written(new ConsoleLogger({ json: true, colors: true }), () => log('warn'));
    expect(shown).toContain('orders');
    expect(shown).toContain('offset');
  });

  it('is text for whoever makes text of it', () => {
    const seen = seenBy(() => log('warn'));
    expect(String(seen[0]![0])).toBe(text);
    const [[error]] = seenBy(() => new NestLogger('Kafka').error(text, stack, fields)) as [[unknown]];
    expect(`${String(error)}`).toBe(`${text}\n${stack}`);
  });

  it('has nothing but its fields for loggers that merge them', () => {
    const [[merged, ...rest]] = seenBy(() => new NestLogger('Kafka').error(text, stack, fields)) as [[object, unknown]];
    expect(Object.assign({}, merged)).toEqual({ message: text, ...fields, stack });
    expect(rest).toEqual([undefined, 'Kafka']);
  });

  it('does not tell winston a level that it does not know', () => {
    const [[entry]] = seenBy(() => log('log')) as [[{ level?: string }]];
    const { level = 'info' } = entry;
    expect(level).toBe('info');
  });
});

it('A logger that is silent for one context is, for lines with fields, too', () => {
  class QuietLogger extends ConsoleLogger {
    override log(message: unknown, ...rest: unknown[]): void {
      if (rest.at(-1) !== 'KafkaConsumerService') super.log(message, ...rest);
    }
  }
  const write = (context: string) => () => new NestLogger(context).log(text, fields);
  expect(written(new QuietLogger(), write('KafkaConsumerService'))).toBe('');
  expect(written(new QuietLogger(), write('KafkaProducer'))).toContain(text);
});

describe('A line without fields', () => {
  it.each(levels)('stays text: %s', (level) => {
    expect(seenBy(() => new NestLogger('Kafka')[level](text))[0]![0]).toBe(text);
  });

  it('has its stack where Nest has it', () => {
    expect(seenBy(() => new NestLogger('Kafka').error(text, stack))).toEqual([[text, stack, 'Kafka']]);
  });
});

describe('Secrets of others', () => {
  it.each([
    [
      'connect ECONNREFUSED postgres://app:hunter2@db:5432/orders',
      'connect ECONNREFUSED postgres://***@db:5432/orders',
    ],
    ['GET https://hunter2@api/v1 and http://a:hunter2@b', 'GET https://***@api/v1 and http://***@b'],
    ['Invalid URL: postgres://app:hun/ter#2?@db/orders', 'Invalid URL: postgres://***@db/orders'],
    ['https://host:8080/a@b and https://[::1]:80/a@b stay', 'https://host:8080/a@b and https://[::1]:80/a@b stay'],
    ['at file:///srv/app/node_modules/@shop/a.js:1:2 stays', 'at file:///srv/app/node_modules/@shop/a.js:1:2 stays'],
    ['refused: Authorization: Bearer eyJhunter2.abc-_', 'refused: Authorization: Bearer ***'],
    ['Basic aHVudGVyMg== is wrong', 'Basic *** is wrong'],
    ['orders@42 of https://host/a@b stays', 'orders@42 of https://host/a@b stays'],
    ['a basic mistake, a bearer of news', 'a basic mistake, a bearer of news'],
  ])('%s', (secret, shown) => {
    const logger = new NestLogger('Kafka');
    const seen = seenBy(() => logger.error(`x ${secret}`, `stack ${secret}`, { error: secret }));
    expect({ ...(seen[0]![0] as object) }).toEqual({ message: `x ${shown}`, error: shown, stack: `stack ${shown}` });
    expect(seenBy(() => logger.error(secret, secret))).toEqual([[shown, shown, 'Kafka']]);
    expect(seenBy(() => logger.warn(secret))).toEqual([[shown, 'Kafka']]);
  });
});

function log(level: (typeof levels)[number]): void {
  const logger = new NestLogger('Kafka');
  if (level === 'error') logger.error(text, undefined, fields);
  else logger[level](text, fields);
}

/** The arguments that the logger of an application gets. */
function seenBy(action: () => void): unknown[][] {
  const seen: unknown[][] = [];
  const keep = (...args: unknown[]): void => void seen.push(args);
  const logger: LoggerService = { log: keep, warn: keep, error: keep, debug: keep };
  Logger.overrideLogger(logger);
  action();
  return seen;
}

describe('A logger that throws', () => {
  it.each(levels)('disturbs nothing that it tells of: %s', (level) => {
    const fail = (): never => {
      throw new Error('the worker has exited');
    };
    Logger.overrideLogger({ debug: fail, log: fail, warn: fail, error: fail });

    expect(() => log(level)).not.toThrow();
    expect(() => new NestLogger('Kafka')[level](text)).not.toThrow();
  });
});
