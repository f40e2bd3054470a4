import { type RequestOf } from '../protocol/apis.js';
import { Refusal } from '../protocol/errors.js';
import { type Node } from './node.js';
import { type Partition } from './partition.js';
import { Topic } from './topic.js';
import { expectTopicConfigs } from './topic-configs.js';

export type NewTopic = RequestOf<'CreateTopics'>['topics'][number];
export type MorePartitions = RequestOf<'CreatePartitions'>['topics'][number];

/** What topics get that do not say it themselves. */
export interface TopicDefaults {
  numPartitions: number;
  replicationFactor: number;
}

const LEGAL_NAME = /^[a-zA-Z0-9._-]{1,249}$/;

/** All topics of the cluster. Partition `i` is led by broker `i mod n + 1` unless its creator says otherwise. */
export class Topics {
  private readonly topics = new Map<string, Topic>();

  constructor(
    private readonly nodes: readonly Node[],
    private readonly defaults: TopicDefaults,
  ) {}

  all(): Topic[] {
    return [...this.topics.values()];
  }

  /** @throws Refusal `UNKNOWN_TOPIC_OR_PARTITION` */
  get(name: string): Topic {
    const topic = this.topics.get(name);
    if (!topic) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION', `there is no topic ${name}`);
    return topic;
  }

  has(name: string): boolean {
    return this.topics.has(name);
  }

  exists(name: string, index: number): boolean {
    return this.topics.get(name)?.partitions[index] !== undefined;
  }

  /** @throws Refusal `UNKNOWN_TOPIC_OR_PARTITION` */
  partition(name: string, index: number): Partition {
    const partition = this.get(name).partitions[index];
    if (!partition) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION', `topic ${name} has no partition ${index}`);
    return partition;
  }

  /** @throws Refusal `UNKNOWN_TOPIC_OR_PARTITION`, or `NOT_LEADER_FOR_PARTITION` when another broker leads it */
  led(name: string, index: number, node: Node): Partition {
    const partition = this.partition(name, index);
    if (partition.leader !== node) throw new Refusal('NOT_LEADER_FOR_PARTITION');
    return partition;
  }

  /** @throws Refusal `TOPIC_ALREADY_EXISTS`, `INVALID_TOPIC_EXCEPTION` and whatever else is wrong with it */
  create(wanted: NewTopic, validateOnly = false): void {
    if (this.has(wanted.topic)) throw new Refusal('TOPIC_ALREADY_EXISTS', `topic ${wanted.topic} exists already`);
    expectLegalName(wanted.topic);
    expectTopicConfigs(wanted.configs);
    const replicas = wanted.assignments.length > 0 ? this.assigned(wanted) : this.spread(wanted);
    if (validateOnly) return;
    const topic = new Topic(wanted.topic);
    topic.configure(wanted.configs);
    for (const nodes of replicas) topic.addPartition(nodes);
    this.topics.set(wanted.topic, topic);
  }

  delete(name: string): void {
    const topic = this.get(name);
    this.topics.delete(name);
    for (const { log } of topic.partitions) log.changed.notify();
  }

  /** @throws Refusal `INVALID_PARTITIONS` unless the count grows */
  addPartitions({ topic: name, count, assignments }: MorePartitions, validateOnly = false): void {
    const topic = this.get(name);
    const { length } = topic.partitions;
    if (count <= length)
      throw new Refusal('INVALID_PARTITIONS', `topic ${name} has ${length} partitions, got ${count}`);
    if (assignments && assignments.length !== count - length) {
      throw new Refusal('INVALID_REPLICA_ASSIGNMENT', `expected ${count - length} assignments`);
    }
    const factor = topic.partitions[0]?.replicas.length ?? 1;
    const replicas = Array.from({ length: count - length }, (_, i) =>
      assignments ? this.nodesOf(assignments[i]?.brokerIds ?? []) : this.rotated(length + i, factor),
    );
    if (!validateOnly) for (const nodes of replicas) topic.addPartition(nodes);
  }

  private spread({ numPartitions, replicationFactor }: NewTopic): Node[][] {
    const count = numPartitions === -1 ? this.defaults.numPartitions : numPartitions;
    const factor = replicationFactor === -1 ? this.defaults.replicationFactor : replicationFactor;
    if (count < 1) throw new Refusal('INVALID_PARTITIONS', `expected at least 1 partition, got ${count}`);
    if (factor < 1 || factor > this.nodes.length) {
      throw new Refusal('INVALID_REPLICATION_FACTOR', `expected 1 to ${this.nodes.length} replicas, got ${factor}`);
    }
    return Array.from({ length: count }, (_, index) => this.rotated(index, factor));
  }

  private assigned({ numPartitions, replicationFactor, assignments }: NewTopic): Node[][] {
    if (numPartitions !== -1 || replicationFactor !== -1) {
      throw new Refusal(
        'INVALID_REQUEST',
        'expected either assignments or numbers of partitions and replicas, got both',
      );
    }
    return [...assignments]
      .sort((a, b) => a.partition - b.partition)
      .map(({ partition, brokerIds }, index) => {
        if (partition !== index)
          throw new Refusal('INVALID_REPLICA_ASSIGNMENT', 'expected partitions from 0 on, no gaps');
        return this.nodesOf(brokerIds);
      });
  }

  private rotated(index: number, factor: number): Node[] {
    return Array.from({ length: factor }, (_, i) => this.nodes[(index + i) % this.nodes.length] as Node);
  }

  private nodesOf(ids: number[]): Node[] {
    const nodes = ids.map((id) => this.nodes.find((node) => node.id === id));
    if (nodes.length > 0 && nodes.every((node) => node !== undefined)) return nodes;
    throw new Refusal('INVALID_REPLICA_ASSIGNMENT', `expected ids of brokers, got ${ids.join(', ')}`);
  }
}

/** @throws Refusal `INVALID_TOPIC_EXCEPTION` */
export function expectLegalName(name: string): void {
  if (LEGAL_NAME.test(name) && name !== '.' && name !== '..') return;
  throw new Refusal('INVALID_TOPIC_EXCEPTION', `expected 1 to 249 of a-z A-Z 0-9 . _ -, got ${JSON.stringify(name)}`);
}
