import { describe, expect, it } from '@jest/globals';
import { deserializerOf, isFormat, serializerOf } from '../../../lib/messaging/formats.js';

const text = async (format: 'json' | 'string' | 'bytes', value: unknown): Promise<string> =>
  String(await serializerOf(format).serialize(value, 'orders'));

describe('A format', () => {
  it('makes JSON of values', async () => {
    expect(await text('json', { id: 1 })).toBe('{"id":1}');
    expect(await text('json', [1, null])).toBe('[1,null]');
    expect(await text('json', 5)).toBe('5');
  });

  it.each([
    ['json' as const, () => 1, 'a function cannot be JSON'],
    ['string' as const, { id: 1 }, 'got a object'],
    ['bytes' as const, 5, 'got a number'],
  ])('%s refuses %p', async (format, value, message) => {
    await expect(async () => text(format, value)).rejects.toThrow(message);
  });

  it('of one’s own reads, and writes where it can', () => {
    const reads = { deserialize: () => 'read' };
    const writes = { ...reads, serialize: () => Buffer.from('written') };

    expect(deserializerOf(reads)).toBe(reads);
    expect(serializerOf(writes)).toBe(writes);
    expect(() => serializerOf(reads)).toThrow('has no serialize');
  });

  it.each<[unknown, boolean]>([
    ['json', true],
    ['bytes', true],
    ['avro', false],
    ['constructor', false],
    [{ deserialize: () => 1 }, true],
    [{ deserialize: 'x' }, false],
    [{}, false],
    [null, false],
    [undefined, false],
  ])('is it %p? %s', (value, expected) => {
    expect(isFormat(value)).toBe(expected);
  });
});
