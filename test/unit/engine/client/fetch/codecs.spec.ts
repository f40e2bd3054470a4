import { afterEach, describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { compressFrame } from 'lz4-napi';
import { compress } from 'snappy';
import { decompress } from '../../../../../lib/engine/client/fetch/codecs.js';

const { CompressionCodecs, CompressionTypes } = kafkajs;
const text = Buffer.from('a record, and again a record, and again a record. '.repeat(50));
const [snappy, lz4, zstd] = [2, 3, 4];

/** A frame with one block that is stored as it is, for texts of less than 256 bytes. @see RFC 8878 */
function zstdFrame(bytes: Buffer): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, bytes.length]);
  const block = (bytes.length << 3) | 1;
  return Buffer.concat([header, Buffer.from([block & 0xff, (block >> 8) & 0xff, block >> 16]), bytes]);
}

/** As Java's snappy writes it. */
async function xerialFrame(...blocks: Buffer[]): Promise<Buffer> {
  const header = Buffer.from('82534e41505059000000000100000001', 'hex');
  const framed = blocks.map(async (block) => {
    const compressed = await compress(block);
    const length = Buffer.alloc(4);
    length.writeInt32BE(compressed.length);
    return Buffer.concat([length, compressed]);
  });
  return Buffer.concat([header, ...(await Promise.all(framed))]);
}

describe('decompress', () => {
  afterEach(() => {
    delete (CompressionCodecs as Record<number, unknown>)[CompressionTypes.LZ4];
  });

  it('reads Snappy, in one block or in the frames of Java', async () => {
    expect(await decompress(snappy, await compress(text))).toEqual(text);
    expect(await decompress(snappy, await xerialFrame(text.subarray(0, 700), text.subarray(700)))).toEqual(text);
    expect(await decompress(snappy, await xerialFrame())).toEqual(Buffer.alloc(0));
  });

  it('reads LZ4', async () => {
    expect(await decompress(lz4, await compressFrame(text))).toEqual(text);
  });

  it('reads Zstandard', async () => {
    const short = text.subarray(0, 200);

    expect(await decompress(zstd, zstdFrame(short))).toEqual(short);
  });

  it.each([snappy, lz4, zstd])('says so when bytes are not of codec %d', async (codec) => {
    await expect(decompress(codec, Buffer.from('no such thing'))).rejects.toThrow();
  });

  it('does not know others', async () => {
    await expect(decompress(5, text)).rejects.toThrow('Unknown compression codec 5');
  });

  it('leaves the choice to what the application has registered', async () => {
    CompressionCodecs[CompressionTypes.LZ4] = () => ({
      compress: () => Promise.resolve(Buffer.alloc(0)),
      decompress: () => Promise.resolve(Buffer.from('its own')),
    });

    expect(await decompress(lz4, text)).toEqual(Buffer.from('its own'));
  });
});
