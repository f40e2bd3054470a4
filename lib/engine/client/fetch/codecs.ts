import * as zlib from 'node:zlib';
import { promisify } from 'node:util';
import { lookupCodec } from '../connection/kafkajs-internals.js';

type Decompress = (bytes: Buffer) => Buffer | Promise<Buffer>;

interface Codec {
  readonly name: string;

  /** What is to be installed where Node has it not. */
  readonly package: string;
  readonly load: () => Promise<Decompress>;
}

/** By Kafka's numbers. Gzip, 1, comes with kafkajs. */
const codecs: Readonly<Record<number, Codec>> = {
  2: { name: 'Snappy', package: 'snappy', load: loadSnappy },
  3: { name: 'LZ4', package: 'lz4-napi', load: async () => (await import('lz4-napi')).decompressFrame },
  4: { name: 'Zstandard', package: 'fzstd', load: loadZstd },
};
const loaded = new Map<number, Promise<Decompress>>();

/**
 * What a codec has compressed. One that the application has registered with kafkajs comes first.
 *
 * @throws when the bytes are no output of the codec, or its package is missing: then it is looked for again the next time
 */
export async function decompress(codec: number, bytes: Buffer): Promise<Buffer> {
  const registered = registeredCodec(codec);
  if (registered) return registered.decompress(bytes);
  const known = codecs[codec];
  if (!known) throw new Error(`Unknown compression codec ${codec}`);
  const loading = loaded.get(codec) ?? known.load();
  loaded.set(codec, loading);
  let decompressBytes: Decompress;
  try {
    decompressBytes = await loading;
  } catch (cause) {
    loaded.delete(codec);
    const reason = `They are compressed with ${known.name}: install the package "${known.package}"`;
    throw new Error(`${reason} (${(cause as Error).message})`, { cause });
  }
  return decompressBytes(bytes);
}

/** kafkajs throws where none is registered. */
function registeredCodec(codec: number): ReturnType<typeof lookupCodec> | undefined {
  try {
    return lookupCodec(codec);
  } catch {
    return undefined;
  }
}

/** Java clients write blocks in a frame of their own (`xerial`), others a single block. */
const frameMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const frameHeaderBytes = 16;

async function loadSnappy(): Promise<Decompress> {
  const { uncompress } = await import('snappy');
  const block = async (bytes: Buffer): Promise<Buffer> => Buffer.from(await uncompress(bytes));
  return async (bytes) => {
    if (!bytes.subarray(0, frameMagic.length).equals(frameMagic)) return block(bytes);
    const blocks: Promise<Buffer>[] = [];
    for (let at = frameHeaderBytes; at < bytes.length;) {
      const end = at + 4 + bytes.readInt32BE(at);
      blocks.push(block(bytes.subarray(at + 4, end)));
      at = end;
    }
    return Buffer.concat(await Promise.all(blocks));
  };
}

/** Node has it from 22.15 on. */
async function loadZstd(): Promise<Decompress> {
  const { zstdDecompress } = zlib as {
    zstdDecompress?: (bytes: Buffer, done: (error: Error | null, result: Buffer) => void) => void;
  };
  if (zstdDecompress) return promisify(zstdDecompress);
  const { decompress: decompressZstd } = await import('fzstd');
  return (bytes) => Buffer.from(decompressZstd(bytes));
}
