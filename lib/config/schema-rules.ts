import { applyDecorators } from '@nestjs/common';
import { IsOptional, ValidateBy, ValidateNested } from 'class-validator';
import { isMapping } from './mapping.js';

/** What a value has to be, and the words for one that is not. */
export interface Rule {
  expected: string;
  change: string;
  accepts: (value: unknown) => boolean;
}

/** The longest delay `setTimeout` can take; past it, it fires at once. */
export const LONGEST_DELAY_MS = 2 ** 31 - 1;

export const text: Rule = {
  expected: 'a text that is not blank',
  change: 'Write text; in YAML, put one that looks like a number in quotes.',
  accepts: (value) => typeof value === 'string' && value.trim() !== '',
};

export const flag: Rule = {
  expected: 'true or false',
  change: 'Write true or false, without quotes.',
  accepts: (value) => typeof value === 'boolean',
};

export const anyFunction: Rule = {
  expected: 'a function',
  change: 'It can only be given in code: leave it out of file and environment, and add it in useFactory.',
  accepts: (value) => typeof value === 'function',
};

export function integer(least: number, most = LONGEST_DELAY_MS): Rule {
  return {
    expected: `a whole number from ${least} to ${most}`,
    change: 'Write the number alone, without quotes and without a unit.',
    accepts: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  };
}

export function numberFrom(least: number): Rule {
  return {
    expected: `a number from ${least}`,
    change: 'Write the number alone, without quotes.',
    accepts: (value) => Number.isFinite(value) && (value as number) >= least,
  };
}

export function oneOf(...values: string[]): Rule {
  const quoted = values.map((value) => JSON.stringify(value));
  return {
    expected: quoted.length === 1 ? `${quoted[0]}` : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`,
    change: 'Write it exactly so.',
    accepts: (value) => values.includes(value as string),
  };
}

export function listOf(what: string): Rule {
  return {
    expected: `a list of at least one ${what}`,
    change: 'Write a list, in YAML one item a line after "- ".',
    accepts: (value) => Array.isArray(value) && value.length > 0,
  };
}

export function mapping(expected = 'a mapping'): Rule {
  return { expected, change: 'Write its options below it, one a line.', accepts: isMapping };
}

export function Required({ accepts, expected, change }: Rule): PropertyDecorator {
  const validator = { validate: accepts };
  // Without a message class-validator leaves the context out.
  return ValidateBy({ name: 'rule', validator }, { message: expected, context: { expected, change } });
}

export function Optional(rule: Rule): PropertyDecorator {
  return applyDecorators(IsOptional(), Required(rule));
}

/** Options below an option. `ValidateNested` alone takes a list for one. */
export function Section(rule = mapping()): PropertyDecorator {
  return applyDecorators(ValidateNested(), Optional(rule));
}
