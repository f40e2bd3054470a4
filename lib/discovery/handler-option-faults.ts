import { describeValue } from '../config/describe-value.js';
import type { MessageHandlerOptions } from '../decorators/message-handler.decorator.js';

interface Rule {
  accepts: (value: unknown) => boolean;
  expected: string;
}

const isWhole = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 1;
const wholeNumber: Rule = { accepts: isWhole, expected: 'a whole number from 1 on' };
const oneOf = (...values: string[]): Rule => ({
  accepts: (value) => values.includes(value as string),
  expected: values.map((value) => `'${value}'`).join(' or '),
});

const rules: Partial<Record<keyof MessageHandlerOptions, Rule>> = {
  processingOrder: oneOf('partition', 'key', 'unordered'),
  lane: { accepts: (value) => typeof value === 'function', expected: 'a function (message) => string' },
  concurrency: wholeNumber,
  rateLimit: { accepts: (value) => typeof value === 'number' && value > 0, expected: 'a number greater than 0' },
  handlerTimeoutMs: wholeNumber,
  ack: oneOf('auto', 'manual'),
  ackTimeoutMs: wholeNumber,
};

/** What is wrong with the options of a decorator, as it goes on after "has". */
export function handlerOptionFaults(options: MessageHandlerOptions): string[] {
  const faults = Object.entries(rules).flatMap(([name, { accepts, expected }]) => {
    const value = options[name as keyof MessageHandlerOptions];
    return value === undefined || accepts(value)
      ? []
      : [`${name}: ${describeValue(name, value)}; ${expected} was expected`];
  });
  return [...faults, ...contradictions(options)];
}

function contradictions({ lane, processingOrder, ack, ackTimeoutMs }: MessageHandlerOptions): string[] {
  const faults: string[] = [];
  if (lane && processingOrder !== undefined && processingOrder !== 'key') {
    faults.push(
      `a lane, which needs processingOrder 'key', and processingOrder '${processingOrder}'; remove one of them`,
    );
  }
  if (ackTimeoutMs !== undefined && ack !== 'manual') {
    faults.push(`ackTimeoutMs without ack: 'manual'; set that, or remove it`);
  }
  return faults;
}
