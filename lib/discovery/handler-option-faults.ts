import { describeValue } from '../config/describe-value.js';
import type { DeadLetterOptions, RetryOptions } from '../config/kafka-options.js';
import { LONGEST_DELAY_MS } from '../config/schema-rules.js';
import type { IdempotencyOptions, MessageHandlerOptions } from '../decorators/message-handler.decorator.js';
import { delayMs } from '../engine/recovery/recovery-topics.js';
import type { HandlerDefinition } from './handler-definition.js';
import { isFormat } from '../messaging/formats.js';
import { topicNameFault } from '../engine/topic-name.js';

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

const listOf = (accepts: (item: unknown) => boolean, expected: string): Rule => ({
  accepts: (value) => Array.isArray(value) && value.every(accepts),
  expected,
});
const isFunction = (value: unknown): boolean => typeof value === 'function';

function topicOrFunction(expected: string): Rule {
  const isTopic = (value: unknown): boolean => typeof value === 'string' && topicNameFault(value) === undefined;
  return { accepts: (value) => isFunction(value) || isTopic(value), expected };
}

function isCondition(value: unknown): boolean {
  if (!isMapping(value)) return isFunction(value);
  const { header, equals } = value as { header?: unknown; equals?: unknown };
  const isText = (one: unknown): boolean => typeof one === 'string';
  return isText(header) && (isText(equals) || (Array.isArray(equals) && equals.every(isText)));
}

const rules: Partial<Record<keyof MessageHandlerOptions, Rule>> = {
  group: { accepts: (value) => typeof value === 'string' && value.trim() !== '', expected: 'text that is not blank' },
  format: { accepts: isFormat, expected: `'json', 'string', 'bytes' or an object with deserialize(value, message)` },
  when: { accepts: isCondition, expected: '{ header, equals } or a function (message) => boolean' },
  publishTo: topicOrFunction('a legal name of a topic, or a function (result, message) => messages'),
  transactional: { accepts: (value) => typeof value === 'boolean', expected: 'true or false' },
  idempotent: {
    accepts: (value) => typeof value === 'boolean' || isMapping(value),
    expected: 'true, false or an object',
  },
  retry: { accepts: isMapping, expected: 'an object' },
  retryTopics: listOf(isDelay, `a list of delays such as '10s' or '5m', none longer than ${LONGEST_DELAY_MS} ms,`),
  nonRetriable: listOf(isFunction, 'a list of classes of errors and predicates'),
  classify: { accepts: isFunction, expected: 'a function (error) => FailureClass' },
  deadLetter: {
    accepts: (value) => typeof value === 'boolean' || isMapping(value),
    expected: 'true, false or an object',
  },
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
  delay: { accepts: isFunction, expected: 'a function (attempt, error) => milliseconds' },
};

const idempotencyRules: Record<keyof IdempotencyOptions, Rule> = {
  key: { accepts: isFunction, expected: 'a function (message) => string' },
  remember: oneOf('after', 'handler'),
};

const deadLetterRules: Record<keyof DeadLetterOptions, Rule> = {
  topic: topicOrFunction('a legal name of a topic, or a function (message, error) => topic'),
};

/** What is wrong with the options of a decorator, as it goes on after "has". */
export function handlerOptionFaults(options: MessageHandlerOptions): string[] {
  const retry = isMapping(options.retry) ? options.retry : {};
  const deadLetter = isMapping(options.deadLetter) ? options.deadLetter : {};
  const idempotency = isMapping(options.idempotent) ? options.idempotent : {};
  return [
    ...faults(rules, options),
    ...faults(retryRules, retry).map((fault) => `retry.${fault}`),
    ...faults(idempotencyRules, idempotency).map((fault) => `idempotent.${fault}`),
    ...faults(deadLetterRules, deadLetter).map((fault) => `deadLetter.${fault}`),
    ...contradictions(options),
  ];
}

const batchRules: Record<keyof NonNullable<HandlerDefinition['batch']>, Rule> = {
  maxSize: wholeNumber,
  maxWaitMs: milliseconds(0),
};

const notOfBatches = ['ack', 'ackTimeoutMs', 'idempotent', 'publishTo', 'transactional', 'when'] as const;

/** The same of the options that handlers of batches have, or do not have. */
export function batchOptionFaults(
  options: MessageHandlerOptions,
  batch: NonNullable<HandlerDefinition['batch']>,
): string[] {
  const strange = notOfBatches.filter((name) => options[name] !== undefined && options[name] !== false);
  return [
    ...faults(batchRules, batch),
    ...strange.map((name) => `${name}, which handlers of batches cannot have; remove it, or use @MessageHandler`),
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

function isDelay(value: unknown): boolean {
  return typeof value === 'string' && (delayMs(value) ?? Infinity) <= LONGEST_DELAY_MS;
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function contradictions(options: MessageHandlerOptions): string[] {
  const { lane, processingOrder, ack, ackTimeoutMs, idempotent } = options;
  const found: string[] = [];
  if (lane && processingOrder !== undefined && processingOrder !== 'key') {
    found.push(
      `a lane, which needs processingOrder 'key', and processingOrder '${processingOrder}'; remove one of them`,
    );
  }
  if (ackTimeoutMs !== undefined && ack !== 'manual') {
    found.push(`ackTimeoutMs without ack: 'manual'; set that, or remove it`);
  }
  if (idempotent && ack === 'manual') {
    found.push(`idempotent and ack: 'manual', which may refuse what is remembered already; remove one of them`);
  }
  return [...found, ...lostResults(options)];
}

/** What is remembered before a result is stored is not handled again when that fails. */
function lostResults({ idempotent, transactional, publishTo }: MessageHandlerOptions): string[] {
  if (!idempotent) return [];
  if (transactional === true) {
    return [
      'idempotent with transactional, and what it published would be lost with a failed transaction; remove one of them',
    ];
  }
  const remembers = isMapping(idempotent) && idempotent.remember === 'handler';
  if (!remembers || publishTo === undefined) return [];
  return [
    "idempotent.remember: 'handler' with publishTo, and a result that could not be published would be lost; remember 'after', or publish " +
      'in the handler before it remembers',
  ];
}
