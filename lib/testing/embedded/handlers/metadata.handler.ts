import { type Cluster } from '../cluster/cluster.js';
import { type Partition } from '../cluster/partition.js';
import { expectLegalName } from '../cluster/topics.js';
import { type ResponseOf } from '../protocol/apis.js';
import { errorCodes } from '../protocol/errors.js';
import { type Handlers, perItem } from './handler.js';

type Topic = ResponseOf<'Metadata'>['topics'][number];

/** Tells clients who the brokers are, and who leads what; creates topics that a client asks for by name. */
export function metadataHandlers(cluster: Cluster): Handlers<'Metadata'> {
  return {
    Metadata: ({ topics, allowAutoTopicCreation }) => {
      const names = topics ?? cluster.topics.all().map(({ name }) => name);
      const create = allowAutoTopicCreation && cluster.options.autoCreateTopics;
      return {
        throttleTimeMs: 0,
        brokers: cluster.alive.map(({ id, host, port }) => ({ nodeId: id, host, port, rack: null })),
        clusterId: cluster.options.clusterId,
        controllerId: cluster.alive[0]?.id ?? -1,
        topics: perItem(
          names,
          (name) => describe(cluster, name, create),
          (topic, { code }) => ({ errorCode: code, topic, isInternal: false, partitions: [] }),
        ),
      };
    },
  };
}

function describe(cluster: Cluster, name: string, create: boolean): Topic {
  expectLegalName(name);
  if (create && !cluster.topics.has(name)) {
    cluster.topics.create({ topic: name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] });
  }
  const partitions = cluster.topics.get(name).partitions.map(describePartition);
  return { errorCode: errorCodes.NONE, topic: name, isInternal: false, partitions };
}

function describePartition({ index, leader, replicas, inSync, offline }: Partition) {
  const idsOf = (nodes: { id: number }[]) => nodes.map(({ id }) => id);
  return {
    errorCode: leader ? errorCodes.NONE : errorCodes.LEADER_NOT_AVAILABLE,
    partition: index,
    leader: leader?.id ?? -1,
    replicas: idsOf(replicas),
    isr: idsOf(inSync),
    offlineReplicas: idsOf(offline),
  };
}
