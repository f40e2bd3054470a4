import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

it.each(readdirSync(new URL('test/readme', root)))(
  'the README shows test/readme/%s as it is compiled and run',
  (file) => {
    expect(read('README.md')).toContain(read(`test/readme/${file}`));
  },
);
