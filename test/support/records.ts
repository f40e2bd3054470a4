import type { ConsumedRecord, TopicPartition } from '../../lib/engine/client/consumer-client.js';

/** A record with nothing in it but its place. */
export function recordAt(offset: number, { topic, partition }: TopicPartition = { topic: 'orders', partition: 0 }) {
  return record({ topic, partition, offset });
}

export function record(fields: Partial<ConsumedRecord>): ConsumedRecord {
  const empty = {
    topic: 'orders',
    partition: 0,
    offset: 0,
    timestamp: 0,
    key: null,
    value: null,
    headers: [],
    detach: () => undefined,
  };
  return { ...empty, size: (fields.key?.length ?? 0) + (fields.value?.length ?? 0), ...fields };
}
