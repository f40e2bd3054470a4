import { type Cluster } from '../cluster/cluster.js';
import { EmbeddedKafkaError } from '../embedded-kafka.error.js';
import { type Group } from '../groups/group.js';
import { type Brokers } from '../network/brokers.js';
import { Refusal } from '../protocol/errors.js';
import { type FaultTargets } from './faults.js';

/** What faults reach: the brokers' ports, the groups, the partitions' leaders. */
export function createFaultTargets(cluster: Cluster, brokers: Brokers): FaultTargets {
  return {
    stopBroker: (id) => brokers.stop(id),
    startBroker: (id) => brokers.start(id),
    refuseConnections: (ms, id) => brokers.refuse(ms, id),
    rebalance: (group) => groupOf(cluster, group).forceRebalance(),
    evict: (group, memberId) => explain(() => groupOf(cluster, group).evict(memberId)),
    moveLeader: (topic, partition, broker) => explain(() => moveLeader(cluster, brokers, topic, partition, broker)),
  };
}

function groupOf({ groups }: Cluster, groupId: string): Group {
  const group = groups.get(groupId);
  if (group) return group;
  const known = groups.all().map(({ id }) => id);
  throw new EmbeddedKafkaError(`expected one of the groups ${known.join(', ') || '(none yet)'}, got ${groupId}`);
}

function moveLeader(cluster: Cluster, brokers: Brokers, topic: string, index: number, broker?: number): void {
  const partition = cluster.topics.partition(topic, index);
  const others = partition.inSync.filter((node) => node !== partition.leader);
  const leader = broker === undefined ? others[0] : brokers.node(broker);
  if (!leader) throw new EmbeddedKafkaError(`expected another replica of partition ${index} of ${topic} that is up`);
  if (!leader.up) throw new EmbeddedKafkaError(`expected a broker that is up, got ${leader.id}`);
  partition.lead(leader);
}

function explain(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (error instanceof Refusal) throw new EmbeddedKafkaError(error.message, { cause: error });
    throw error;
  }
}
