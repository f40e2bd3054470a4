import { expect, it, jest } from '@jest/globals';

it('A codec whose package is not installed is named with it, and looked for again the next time', async () => {
  let installed = false;
  jest.unstable_mockModule('snappy', () => {
    if (!installed) throw new Error("Cannot find package 'snappy'");
    return { uncompress: (bytes: Buffer) => Promise.resolve(bytes) };
  });
  const { decompress } = await import('../../../../../lib/engine/client/fetch/codecs.js');

  await expect(decompress(2, Buffer.from('x'))).rejects.toThrow(
    `They are compressed with Snappy: install the package "snappy" (Cannot find package 'snappy')`,
  );
  installed = true;
  expect(await decompress(2, Buffer.from('x'))).toEqual(Buffer.from('x'));
});
