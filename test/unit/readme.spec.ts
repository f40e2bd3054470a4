import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { readArguments } from '../../lib/command/arguments.js';
import { codeOptions, environmentName, environmentOptions } from '../../lib/config/environment.js';
import { groupStatus, partitionStatus } from './health/statuses.js';

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

it.each(Object.keys(groupStatus()))('the README tells of %s in status()', (field) => {
  const [, table] = /^\| `status\(\)` \| Type (.*?)\n\n/ms.exec(read('README.md'))!;

  expect(table).toContain(`\`${field}\``);
});

it.each(Object.keys(partitionStatus()))('the README tells of %s in assignments()', (field) => {
  const [row] = /^\| `assignments\(\)` .*$/m.exec(read('README.md'))!;
  const known = ['topic', 'partition', 'group'];

  expect(known.includes(field) || row.includes(`\`${field}\``)).toBe(true);
});

it('the README gives no command line to nestjs-kafka-redrive that it would refuse', () => {
  const lines = [...read('README.md').matchAll(/^npx nestjs-kafka-redrive (.*)$/gm)].map(([, line]) =>
    line!.split(' '),
  );

  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) expect(() => readArguments(line)).not.toThrow();
});

it('the README names no script that package.json does not have', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = [...read('README.md').matchAll(/\bnpm run ([\w:-]+)/g)].map(([, script]) => script!);

  expect(named.filter((script) => !(script in scripts))).toEqual([]);
});

it('the changelog begins with the version that package.json has', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const [, latest] = /^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$/m.exec(read('CHANGELOG.md')) ?? [];

  expect(latest).toBe(version);
});

it('the README links to chapters and files that there are', () => {
  const readme = read('README.md');
  const headings = [...readme.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));
  const targets = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  const isThere = (target: string): boolean =>
    target.startsWith('#') ? headings.includes(target.slice(1)) : existsSync(new URL(target, root));

  expect(targets.filter((target) => !target.startsWith('https:') && !isThere(target))).toEqual([]);
});

/** As GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/\s/g, '-');
}
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
