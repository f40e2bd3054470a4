import { ByteReader } from '../connection/byte-reader.js';
import type { TopicPartition } from '../consumer-client.js';
import type { Assignor } from './assignor.js';
import { ByteWriter } from './byte-writer.js';
import { unknownGeneration } from './consumer-protocol.js';
import { inOrder } from './member-order.js';
import { assignSticky } from './sticky.js';
import { readTopicPartitions, writeTopicPartitions } from './topic-partitions.js';

/**
 * The Java client's `StickyAssignor`: members give everything up before they rejoin, and get most of it back. What they
 * had is told in the user data, as the subscription does not say it (KIP-54, KIP-341).
 */
export const stickyAssignor: Assignor = {
  names: ['sticky'],
  cooperative: false,

  userData: (owned, generation) => writeTopicPartitions(new ByteWriter(), owned).int32(generation).bytes,

  assign(members, partitionCounts) {
    const claimants = inOrder(members).map(({ memberId, subscription: { topics, userData } }) => ({
      memberId,
      topics,
      ...readClaims(userData),
    }));
    return assignSticky(claimants, partitionCounts);
  },
};

/** The first version of the format has no generation. What cannot be read claims nothing, as in Java. */
function readClaims(userData: Buffer): { owned: readonly TopicPartition[]; generation: number } {
  try {
    const reader = new ByteReader(userData);
    const owned = readTopicPartitions(reader);
    return { owned, generation: reader.remaining >= 4 ? reader.int32() : unknownGeneration };
  } catch {
    return { owned: [], generation: unknownGeneration };
  }
}
