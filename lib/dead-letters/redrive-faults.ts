import { describeValue } from '../config/describe-value.js';
import { MessagingError } from '../messaging/errors.js';

interface Rule {
  accepts: (value: unknown) => boolean;
  expected: string;
}

const text: Rule = { accepts: (value) => typeof value === 'string', expected: 'text' };
const offset: Rule = {
  accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  expected: 'a whole number from 0 on',
};
const time: Rule = {
  accepts: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
  expected: 'a Date',
};
const positive: Rule = {
  accepts: (value) => typeof value === 'number' && value > 0,
  expected: 'a number greater than 0',
};
const anyFunction: Rule = { accepts: (value) => typeof value === 'function', expected: 'a function' };

const filterRules: Record<string, Rule> = {
  errorClass: text,
  originalTopic: text,
  group: text,
  handler: text,
  key: text,
  headers: { accepts: isTexts, expected: 'an object of texts' },
  from: time,
  to: time,
  partition: offset,
  fromOffset: offset,
  toOffset: offset,
};

const redriveRules: Record<string, Rule> = {
  ...filterRules,
  dryRun: { accepts: (value) => typeof value === 'boolean', expected: 'true or false' },
  limit: positive,
  rate: positive,
  maxRedrives: positive,
  signal: { accepts: (value) => value instanceof AbortSignal, expected: 'an AbortSignal' },
  onProgress: anyFunction,
};

/** A filter that is not understood would mean every dead letter. @throws MessagingError */
export function checkFilter(filter: object): void {
  check(filter, filterRules);
}

/** @throws MessagingError */
export function checkRedriveOptions(options: object): void {
  check(options, redriveRules);
}

function check(options: object, rules: Readonly<Record<string, Rule>>): void {
  const faults = Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) return [`${name}: no such option; expected one of ${Object.keys(rules).join(', ')}`];
    return rule.accepts(value) ? [] : [`${name}: expected ${rule.expected}, got ${describeValue(name, value)}`];
  });
  if (faults.length > 0) throw new MessagingError(faults.join('; '));
}

function isTexts(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string');
}
