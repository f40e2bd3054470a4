import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { codeOptions, environmentOptions } from '../../../lib/config/environment.js';
import { kafkaDefaults, sslDefaults } from '../../../lib/config/kafka-defaults.js';
import { valueAt } from '../../../lib/config/mapping.js';

const sections: Record<string, string> = {
  KafkaOptions: '',
  FetchOptions: 'fetch.',
  ProducerOptions: 'producer.',
  RetryOptions: 'retry.',
  DeadLetterOptions: 'deadLetter.',
  SslOptions: 'ssl.',
};

const file = join(process.cwd(), 'lib/config/kafka-options.ts');
const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);

const documented = source.statements.filter(ts.isInterfaceDeclaration).flatMap(({ name, members }) => {
  const section = sections[name.text];
  return section === undefined ? [] : members.map((member) => [`${section}${member.name?.getText()}`, tagOf(member)]);
}) as [string, string | undefined][];

function tagOf(member: ts.TypeElement): string | undefined {
  const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'default');
  return tag && ts.getTextOfJSDocComment(tag.comment);
}

function literalOf(text: string): unknown {
  const literal = /^(true|false|\d+|'[^']*'|\['[^']*'\]|\{\})(?: \(.*\))?(?:, or .*)?$/.exec(text)?.[1];
  return literal && JSON.parse(literal.replaceAll("'", '"'));
}

it.each(documented.filter(([path]) => !['fetch', 'producer', 'retry', 'sasl'].includes(path)))(
  '%s (%s)',
  (path, text) => {
    expect(valueAt({ ...kafkaDefaults, ssl: sslDefaults }, path)).toEqual(
      path === 'ssl' ? sslDefaults : literalOf(text ?? ''),
    );
  },
);

it('ssl is off', () => {
  expect(literalOf(documented.find(([path]) => path === 'ssl')?.[1] ?? '')).toBe(kafkaDefaults.ssl);
});

it('every documented option was looked at', () => {
  const paths = documented
    .map(([path]) => path)
    .filter((path) => !['fetch', 'producer', 'retry', 'sasl'].includes(path));
  const expected = [...Object.keys(environmentOptions), ...codeOptions].filter((path) => !path.startsWith('sasl.'));
  expect(paths.sort()).toEqual(expected.sort());
});
