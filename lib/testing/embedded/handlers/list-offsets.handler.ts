import { type Cluster } from '../cluster/cluster.js';
import { type PartitionLog } from '../log/partition-log.js';
import { type Handlers, perPartition } from './handler.js';

const LATEST = -1;
const EARLIEST = -2;

/** Finds offsets by time, and the ends of partitions. */
export function listOffsetsHandlers(cluster: Cluster): Handlers<'ListOffsets'> {
  return {
    ListOffsets: ({ topics, isolationLevel }, { node }) => ({
      throttleTimeMs: 0,
      topics: perPartition('ListOffsets', topics, (topic, index, { timestamp }) =>
        find(cluster.topics.led(topic, index, node).log, timestamp, isolationLevel === 1),
      ),
    }),
  };
}

function find(log: PartitionLog, timestamp: number, committedOnly: boolean) {
  if (timestamp === LATEST) return { timestamp: -1, offset: committedOnly ? log.lastStableOffset : log.endOffset };
  if (timestamp === EARLIEST) return { timestamp: -1, offset: log.startOffset };
  const { offset = -1, timestamp: found = -1 } = log.at(timestamp) ?? {};
  return { timestamp: found, offset };
}
