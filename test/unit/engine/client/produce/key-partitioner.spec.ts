import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { partitionOfKey } from '../../../../../lib/engine/client/produce/key-partitioner.js';

it('chooses the partition that kafkajs and Java clients choose', () => {
  const choose = kafkajs.Partitioners.DefaultPartitioner();

  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 100 }), (bytes, partitions) => {
      const key = Buffer.from(bytes);
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({ partitionId, leader: 0 }));
      const expected = choose({ topic: 't', partitionMetadata, message: { key, value: null } } as never);

      expect(partitionOfKey(key, partitions)).toBe(expected);
    }),
  );
});
