const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** The partition that Kafka's own clients, and kafkajs, choose for a key. */
export function partitionOfKey(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

function murmur2(data: Buffer): number {
  let h = SEED ^ data.length;
  const end = data.length & ~3;
  for (let i = 0; i < end; i += 4) h = Math.imul(h, M) ^ mix(data.readInt32LE(i));
  const rest = data.length & 3;
  if (rest > 0) h = Math.imul(h ^ data.readUIntLE(end, rest), M);
  h = Math.imul(h ^ (h >>> 13), M);
  return h ^ (h >>> 15);
}

function mix(word: number): number {
  const k = Math.imul(word, M);
  return Math.imul(k ^ (k >>> 24), M);
}
