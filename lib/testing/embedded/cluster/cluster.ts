import { GroupCoordinator, type GroupLimits } from '../groups/group-coordinator.js';
import { TransactionCoordinator } from '../transactions/transaction-coordinator.js';
import { Refusal } from '../protocol/errors.js';
import { type Node } from './node.js';
import { type TopicDefaults, Topics } from './topics.js';

export interface ClusterOptions {
  clusterId: string;
  autoCreateTopics: boolean;
  topics: TopicDefaults;
  groups: GroupLimits;
}

/** What all brokers share: who they are, the topics, the groups and the transactions. */
export class Cluster {
  readonly topics: Topics;
  readonly groups: GroupCoordinator;
  readonly transactions: TransactionCoordinator;

  constructor(
    readonly nodes: readonly Node[],
    readonly options: ClusterOptions,
  ) {
    this.topics = new Topics(nodes, options.topics);
    this.groups = new GroupCoordinator(options.groups);
    this.transactions = new TransactionCoordinator(this.topics, this.groups);
  }

  get alive(): Node[] {
    return this.nodes.filter(({ up }) => up);
  }

  /** The broker that answers for a group or transactional id: always the same one, the next one while it is down. */
  coordinatorOf(key: string): Node {
    const preferred = hash(key) % this.nodes.length;
    const inTurn = [...this.nodes.slice(preferred), ...this.nodes.slice(0, preferred)];
    const coordinator = inTurn.find(({ up }) => up);
    if (!coordinator) throw new Refusal('GROUP_COORDINATOR_NOT_AVAILABLE');
    return coordinator;
  }

  /** @throws Refusal `NOT_COORDINATOR_FOR_GROUP`, `INVALID_GROUP_ID` */
  expectCoordinator(node: Node, groupId: string): void {
    if (groupId === '') throw new Refusal('INVALID_GROUP_ID', 'expected a group id, got an empty one');
    if (this.coordinatorOf(groupId) !== node) throw new Refusal('NOT_COORDINATOR_FOR_GROUP');
  }

  /** Finds leaders for the partitions that a stopped broker led, or that a started one can lead again. */
  elect(): void {
    for (const { partitions } of this.topics.all()) for (const partition of partitions) partition.elect();
  }

  deleteTopic(name: string): void {
    this.topics.delete(name);
    this.groups.forgetTopic(name);
  }

  close(): void {
    this.groups.close();
    this.transactions.close();
  }
}

function hash(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (hash * 31 + key.charCodeAt(i)) >>> 0;
  return hash;
}
