import { Cluster } from './cluster/cluster.js';
import { type Node } from './cluster/node.js';
import { type Topic } from './cluster/topic.js';
import { EmbeddedKafkaError } from './embedded-kafka.error.js';
import { type EmbeddedKafkaOptions, type EmbeddedTopic } from './embedded-kafka.options.js';
import { FaultRules } from './faults/fault-rules.js';
import { Faults } from './faults/faults.js';
import { createFaultTargets } from './faults/fault-targets.js';
import { type Group } from './groups/group.js';
import { createHandlers } from './handlers/handlers.js';
import {
  describeGroup,
  type EmbeddedGroup,
  type EmbeddedMember,
  type EmbeddedOffset,
  type EmbeddedRecord,
  offsetsOf,
  recordsOf,
} from './inspection.js';
import { Brokers } from './network/brokers.js';
import { Dispatcher } from './network/dispatcher.js';
import { append, type EmbeddedMessage } from './producing.js';
import { Refusal } from './protocol/errors.js';
import { resolveSettings, type Settings } from './settings.js';
import { until, type UntilOptions } from './until.js';

const HOST = '127.0.0.1';

/**
 * A Kafka cluster inside the process, for development and tests: it speaks Kafka's wire protocol on free ports of
 * 127.0.0.1, keeps everything in memory, and fails on demand. There is no replication, no disk and no retention; only a
 * real Kafka proves what Kafka does.
 *
 * @example
 * const kafka = await EmbeddedKafka.start({ topics: [{ name: 'orders', partitions: 4 }] });
 * // ... connect to kafka.brokers ...
 * await kafka.stop();
 *
 * @publicApi
 */
export class EmbeddedKafka {
  /** Faults to set up. */
  readonly faults: Faults;

  private readonly cluster: Cluster;
  private readonly network: Brokers;

  private constructor({ brokers, cluster, sasl, maxRequestBytes }: Settings) {
    const nodes = Array.from({ length: brokers }, (_, i): Node => ({ id: i + 1, host: HOST, port: 0, up: true }));
    const rules = new FaultRules();
    this.cluster = new Cluster(nodes, cluster);
    const dispatcher = new Dispatcher(createHandlers(this.cluster), rules);
    this.network = new Brokers(this.cluster, { dispatcher, sasl, maxRequestBytes });
    this.faults = new Faults(rules, createFaultTargets(this.cluster, this.network));
  }

  /**
   * Starts the brokers and creates the topics. Ready when it resolves, after a few ms.
   *
   * @throws EmbeddedKafkaError for options out of range and topics that cannot be created
   */
  static async start(options: EmbeddedKafkaOptions = {}): Promise<EmbeddedKafka> {
    const kafka = new EmbeddedKafka(resolveSettings(options));
    for (const topic of options.topics ?? []) kafka.createTopic(topic);
    await kafka.network.open();
    return kafka;
  }

  /** Addresses to connect to, `host:port`, of all brokers in the order of their ids. */
  get brokers(): string[] {
    return this.cluster.nodes.map(({ host, port }) => `${host}:${port}`);
  }

  /** Cuts all connections and closes all ports. Afterwards nothing keeps the process alive. */
  async stop(): Promise<void> {
    this.faults.clear();
    this.cluster.close();
    await this.network.close();
  }

  /** Same as {@link stop}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** @throws EmbeddedKafkaError when the topic exists or cannot be as asked for */
  createTopic(topic: EmbeddedTopic | string): void {
    const { name, partitions = -1, replicationFactor = -1, configs = {} } = asTopic(topic);
    const entries = Object.entries(configs).map(([name, value]) => ({ name, value }));
    const wanted = { topic: name, numPartitions: partitions, replicationFactor, assignments: [], configs: entries };
    attempt(`create topic ${name}`, () => this.cluster.topics.create(wanted));
  }

  /**
   * Makes a topic have more partitions.
   *
   * @param count how many it is to have then
   * @throws EmbeddedKafkaError when there is no such topic, or it has as many already
   */
  addPartitions(topic: string, count: number): void {
    const wanted = { topic, count, assignments: null };
    attempt(`add partitions to ${topic}`, () => this.cluster.topics.addPartitions(wanted));
  }

  /** Deletes a topic with its records and its committed offsets. @throws EmbeddedKafkaError when there is none */
  deleteTopic(topic: string): void {
    attempt(`delete topic ${topic}`, () => this.cluster.deleteTopic(topic));
  }

  /** Names of all topics. */
  topics(): string[] {
    return this.cluster.topics.all().map(({ name }) => name);
  }

  /**
   * Puts messages into a topic without a client, and tells where each went. A topic that does not exist is created, if
   * the broker does so for clients.
   *
   * @throws EmbeddedKafkaError when the topic or a partition does not exist
   */
  produce(topic: string, messages: readonly EmbeddedMessage[]): { partition: number; offset: string }[] {
    if (!this.cluster.topics.has(topic) && this.cluster.options.autoCreateTopics) this.createTopic(topic);
    return append(this.topic(topic), messages);
  }

  /**
   * The records of a topic, partition by partition, in order of their offsets.
   *
   * @param options `partition`: only of this one; `isolation`: as consumers see it, default `read_uncommitted`
   * @throws EmbeddedKafkaError when the topic does not exist
   * @throws Error for records that are compressed by a codec other than gzip
   */
  records(
    topic: string,
    { partition, isolation }: { partition?: number; isolation?: 'read_committed' | 'read_uncommitted' } = {},
  ): EmbeddedRecord[] {
    return this.topic(topic)
      .partitions.filter(({ index }) => partition === undefined || partition === index)
      .flatMap((one) => recordsOf(one, isolation === 'read_committed'));
  }

  /** The offsets a group has committed on a topic, for those partitions that have one. */
  committed(group: string, topic: string): EmbeddedOffset[] {
    return offsetsOf(this.cluster, group, topic);
  }

  /** A group's state and members, undefined while there is none of that name. */
  group(group: string): EmbeddedGroup | undefined {
    const found: Group | undefined = this.cluster.groups.get(group);
    return found && describeGroup(found);
  }

  /** The members of a group, none while there is no such group. */
  members(group: string): EmbeddedMember[] {
    return this.group(group)?.members ?? [];
  }

  /** Id of the broker that leads a partition, undefined while none can. @throws EmbeddedKafkaError when there is none */
  leader(topic: string, partition: number): number | undefined {
    return attempt('find the leader', () => this.cluster.topics.partition(topic, partition).leader?.id);
  }

  /** Id of the broker that coordinates a group or a transactional id. */
  coordinator(key: string): number {
    return attempt('find the coordinator', () => this.cluster.coordinatorOf(key).id);
  }

  /**
   * Resolves as soon as a condition holds: `await kafka.until(() => kafka.members('billing').length === 2)`.
   *
   * @throws EmbeddedKafkaError when it does not within `timeoutMs` (default 10000 ms)
   */
  until(condition: () => unknown, options?: UntilOptions): Promise<void> {
    return until(condition, options);
  }

  /** Stops a broker, see {@link Faults.stopBroker}. @throws EmbeddedKafkaError when there is no such broker */
  stopBroker(id: number): Promise<void> {
    return this.network.stop(id);
  }

  /** Brings a broker back, see {@link Faults.startBroker}. @throws EmbeddedKafkaError when there is no such broker */
  startBroker(id: number): Promise<void> {
    return this.network.start(id);
  }

  private topic(name: string): Topic {
    return attempt(`find topic ${name}`, () => this.cluster.topics.get(name));
  }
}

function asTopic(topic: EmbeddedTopic | string): EmbeddedTopic {
  return typeof topic === 'string' ? { name: topic } : topic;
}

/** Tells the caller in his own terms what a client would get as an error code. */
function attempt<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof Refusal) throw new EmbeddedKafkaError(`cannot ${what}: ${error.message}`, { cause: error });
    throw error;
  }
}
