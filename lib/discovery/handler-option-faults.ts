import { describeValue } from '../config/describe-value.js';
import type { RetryOptions } from '../config/kafka-options.js';
import { LONGEST_DELAY_MS } from '../config/schema-rules.js';
import type { MessageHandlerOptions } from '../decorators/message-handler.decorator.js';

interface Rule {
  accepts: (value: unknown) => boolean;
  expected: string;
}

const wholeNumber: Rule = {
  accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  expected: 'a whole number from 1 on',
};
const milliseconds = (least: number): Rule => ({
  accepts: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= LONGEST_DELAY_MS,
  expected: `a whole number of milliseconds from ${least} to ${LONGEST_DELAY_MS}`,
});
const oneOf = (...values: string[]): Rule => ({
  accepts: (value) => values.includes(value as string),
  expected: values.map((value) => `'${value}'`).join(' or '),
});

const rules: Partial<Record<keyof MessageHandlerOptions, Rule>> = {
  retry: { accepts: isMapping, expected: 'an object' },
  onExhausted: oneOf('retry', 'skip', 'stop'),
  processingOrder: oneOf('partition', 'key', 'unordered'),
  lane: { accepts: (value) => typeof value === 'function', expected: 'a function (message) => string' },
  concurrency: wholeNumber,
  rateLimit: { accepts: (value) => typeof value === 'number' && value > 0, expected: 'a number greater than 0' },
  handlerTimeoutMs: milliseconds(1),
  ack: oneOf('auto', 'manual'),
  ackTimeoutMs: milliseconds(1),
};

const retryRules: Record<keyof RetryOptions, Rule> = {
  maxAttempts: {
    accepts: (value) => value === Infinity || wholeNumber.accepts(value),
    expected: 'a whole number from 1 on, or Infinity',
  },
  initialDelayMs: milliseconds(0),
  multiplier: {
    accepts: (value) => typeof value === 'number' && value >= 1 && value < Infinity,
    expected: 'a number from 1 on',
  },
  maxDelayMs: milliseconds(0),
  jitter: oneOf('full', 'none'),
};

/** What is wrong with the options of a decorator, as it goes on after "has". */
export function handlerOptionFaults(options: MessageHandlerOptions): string[] {
  const retry = isMapping(options.retry) ? options.retry : {};
  return [
    ...faults(rules, options),
    ...faults(retryRules, retry).map((fault) => `retry.${fault}`),
    ...contradictions(options),
  ];
}

function faults<T extends object>(known: Partial<Record<keyof T, Rule>>, options: T): string[] {
  return Object.entries<Rule>(known as Record<string, Rule>).flatMap(([name, { accepts, expected }]) => {
    const value = options[name as keyof T];
    return value === undefined || accepts(value)
      ? []
      : [`${name}: ${describeValue(name, value)}; ${expected} was expected`];
  });
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function contradictions({ lane, processingOrder, ack, ackTimeoutMs }: MessageHandlerOptions): string[] {
  const found: string[] = [];
  if (lane && processingOrder !== undefined && processingOrder !== 'key') {
    found.push(
      `a lane, which needs processingOrder 'key', and processingOrder '${processingOrder}'; remove one of them`,
    );
  }
  if (ackTimeoutMs !== undefined && ack !== 'manual') {
    found.push(`ackTimeoutMs without ack: 'manual'; set that, or remove it`);
  }
  return found;
}
