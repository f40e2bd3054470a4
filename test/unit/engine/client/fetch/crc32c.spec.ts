import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { crc32c } from '../../../../../lib/engine/client/fetch/crc32c.js';
import { crc32c as bytewise } from '../../../../../lib/testing/embedded/log/crc32c.js';

describe('crc32c', () => {
  it.each([
    ['', 0],
    ['123456789', 0xe3069283],
    ['The quick brown fox jumps over the lazy dog', 0x22620404],
  ])('of %j is %d', (text, sum) => {
    expect(crc32c(Buffer.from(text))).toBe(sum);
  });

  it('is that of the testing kit, which goes byte by byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (array, start) => {
        const bytes = Buffer.from(array);
        expect(crc32c(bytes)).toBe(bytewise(bytes));
        expect(crc32c(bytes, start)).toBe(bytewise(bytes.subarray(start)));
      }),
    );
  });
});
