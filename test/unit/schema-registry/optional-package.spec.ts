import { expect, it } from '@jest/globals';
import { optionalPackage } from '../../../lib/schema-registry/optional-package.js';

it('names a package that is missing', async () => {
  const load = () => Promise.reject(new Error("Cannot find package 'avsc'"));
  await expect(optionalPackage('avsc', 'Avro', load)).rejects.toThrow(
    'Avro needs the package "avsc": npm install avsc (Cannot find package \'avsc\')',
  );
});

it('takes what a package exports by default, or all of it', async () => {
  expect(await optionalPackage('one', 'One', () => Promise.resolve({ default: 1 }))).toBe(1);
  expect(await optionalPackage('two', 'Two', () => Promise.resolve({ a: 2 }))).toEqual({ a: 2 });
});
