import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { environmentName, environmentOptions } from '../../lib/config/environment.js';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

it.each(readdirSync(new URL('test/readme', root)))(
  'the README shows test/readme/%s as it is compiled and run',
  (file) => {
    expect(read('README.md')).toContain(read(`test/readme/${file}`));
  },
);

it.each(Object.keys(environmentOptions))('the README tells of the option %s and of its variable', (option) => {
  expect(read('README.md')).toContain(`\`${option}\``);
  expect(read('README.md')).toContain(`\`${environmentName(option)}\``);
});
