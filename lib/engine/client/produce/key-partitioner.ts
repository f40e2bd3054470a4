const seed = 0x9747b28c;
const factor = 0x5bd1e995;

/** The partition that Kafka's own clients, and kafkajs, choose for a key. */
export function partitionOfKey(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

function murmur2(bytes: Buffer): number {
  let hash = seed ^ bytes.length;
  const end = bytes.length & ~3;
  for (let at = 0; at < end; at += 4) hash = Math.imul(hash, factor) ^ mix(bytes.readInt32LE(at));
  const rest = bytes.length & 3;
  if (rest > 0) hash = Math.imul(hash ^ bytes.readUIntLE(end, rest), factor);
  hash = Math.imul(hash ^ (hash >>> 13), factor);
  return hash ^ (hash >>> 15);
}

function mix(word: number): number {
  const mixed = Math.imul(word, factor);
  return Math.imul(mixed ^ (mixed >>> 24), factor);
}
