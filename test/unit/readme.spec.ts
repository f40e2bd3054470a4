import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { readArguments } from '../../lib/command/arguments.js';
import { codeOptions, environmentName, environmentOptions } from '../../lib/config/environment.js';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

it.each(readdirSync(new URL('test/readme', root)))(
  'the README shows test/readme/%s as it is compiled and run',
  (file) => {
    expect(read('README.md')).toContain(read(`test/readme/${file}`));
  },
);

it.each(codeOptions)('the README tells of the option %s', (option) => {
  expect(read('README.md').includes(`\`${option}\``)).toBe(true);
});

it.each(Object.keys(environmentOptions))('the README tells of the option %s and of its variable', (option) => {
  const readme = read('README.md');
  const missing = [option, environmentName(option)].filter((name) => !readme.includes(`\`${name}\``));

  expect(missing).toEqual([]);
});

it('the README gives no command line to nestjs-kafka-redrive that it would refuse', () => {
  const lines = [...read('README.md').matchAll(/^npx nestjs-kafka-redrive (.*)$/gm)].map(([, line]) =>
    line!.split(' '),
  );

  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) expect(() => readArguments(line)).not.toThrow();
});

it('the README tells of every field and every event of the log', () => {
  const source = read('lib/engine/logger.ts');
  const fields = [...source.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name!);
  const events = [...source.matchAll(/^ {2}\| '([\w-]+)'/gm)].map(([, name]) => name!);
  const chapter = read('README.md')
    .split(/^## /m)
    .find((text) => text.startsWith('Logs\n'))!;

  expect(fields.length + events.length).toBeGreaterThan(40);
  expect([...fields, ...events].filter((name) => !chapter.includes(`\`${name}\``))).toEqual([]);
});
