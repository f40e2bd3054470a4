import type { EngineLogger } from '../../logger.js';
import { BrokerLink, type BrokerAddress } from './broker-link.js';
import { settlesWithin } from '../../wait.js';
import { describeConnectionFailure } from './connection-failure.js';
import {
  connectionPoolBuilder,
  type ApiName,
  type ConnectionPoolBuilder,
  type RequestDefinition,
} from './kafkajs-internals.js';
import { kafkajsConnection } from './kafkajs-connection.js';
import { kafkajsLogger } from './kafkajs-logger.js';
import { throwOnError } from './protocol-errors.js';
import { RepeatedLog } from '../repeated-log.js';
import { Throttles, type BrokerThrottle } from './throttles.js';
import type { ConnectionSettings } from '../client-settings.js';
import type { ProducerId } from '../produce/producer-identity.js';
import { socketFactory } from './kafkajs-internals.js';

export interface TopicMetadata {
  topicErrorCode: number;
  topic: string;
  isInternal: boolean;
  partitionMetadata: { partitionId: number; leader: number; replicas: number[] }[];
}

interface MetadataResponse {
  controllerId: number;
  brokers: ({ nodeId: number } & BrokerAddress)[];
  topicMetadata: TopicMetadata[];
}

interface DescribeConfigsResponse {
  resources: {
    errorCode: number;
    resourceName: string;
    configEntries: { configName: string; configValue: string }[];
  }[];
}

/** Settings of a topic, by their names. */
export type TopicConfig = Readonly<Record<string, string>>;

/** Kafka's code for topics among the things that have settings. */
const topicResource = 2;

interface CoordinatorResponse {
  errorCode: number;
  coordinator: { nodeId: number } & BrokerAddress;
}

export interface InitProducerIdResponse {
  errorCode: number;
  producerId: string;
  producerEpoch: number;
}

/** What has a coordinator. */
export type Coordinated = 'group' | 'transaction';
const coordinatorTypes: Readonly<Record<Coordinated, number>> = { group: 0, transaction: 1 };

/** Without transactions their timeout has no meaning, but brokers refuse numbers below 1. */
const noTransaction = 1;

/** What one client knows of the cluster: its brokers, and a link to each that it talks to. */
export class Cluster {
  private readonly builder: ConnectionPoolBuilder;
  private readonly links = new Map<string, BrokerLink>();
  private addresses: ReadonlyMap<number, BrokerAddress> = new Map();
  private controller = -1;
  private closed = false;
  private lastAnswered: BrokerAddress | undefined;
  private heardAt = performance.now();
  private readonly kafkajsLogger: unknown;
  private readonly repeated: RepeatedLog;
  private readonly throttles = new Throttles();

  constructor(
    private readonly settings: ConnectionSettings,
    private readonly logger: EngineLogger,
  ) {
    this.kafkajsLogger = kafkajsLogger(logger);
    this.repeated = new RepeatedLog(logger);
    this.builder = connectionPoolBuilder({
      logger: this.kafkajsLogger,
      socketFactory: socketFactory(),
      ...kafkajsConnection(settings),
      enforceRequestTimeout: true,
    });
  }

  /** Milliseconds since the last answer of any broker, or since this was made. */
  get silentMs(): number {
    return performance.now() - this.heardAt;
  }

  /** Whether it has talked to a broker, and may again. */
  get isConnected(): boolean {
    return this.links.size > 0;
  }

  /** The brokers' quotas that are in force. */
  get throttled(): BrokerThrottle[] {
    return this.throttles.inForce;
  }

  /** Metadata of the named topics, or of all; missing and forbidden ones come with their error code. */
  async metadata(topics: readonly string[] | 'all'): Promise<TopicMetadata[]> {
    if (topics.length === 0) return [];
    const args = { topics: topics === 'all' ? [] : topics, allowAutoTopicCreation: false };
    const { brokers, controllerId, topicMetadata } = await this.requestAny<MetadataResponse>('Metadata', args);
    this.addresses = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    this.controller = controllerId;
    return topicMetadata;
  }

  /**
   * Where the coordinator of a group, or of the transactions of a transactional id, listens.
   *
   * @throws when it may not be used, or no coordinator is to be had now
   */
  async findCoordinator(name: string, of: Coordinated = 'group'): Promise<BrokerAddress> {
    const args = { groupId: name, coordinatorType: coordinatorTypes[of] };
    const { errorCode, coordinator } = await this.requestAny<CoordinatorResponse>('GroupCoordinator', args);
    throwOnError(errorCode, `looking up the coordinator of ${of} "${name}"`);
    return coordinator;
  }

  /**
   * A new id for an idempotent producer.
   *
   * @throws when this client may not have one, or none is to be had now
   */
  async initProducerId(): Promise<ProducerId> {
    const args = { transactionalId: null, transactionTimeout: noTransaction };
    const answer = await this.requestAny<InitProducerIdResponse>('InitProducerId', args);
    throwOnError(answer.errorCode, 'asking for a producer id');
    return { producerId: Number(answer.producerId), epoch: answer.producerEpoch };
  }

  /**
   * A setting of topics, by topic; of those whose settings may be read.
   *
   * @throws when no broker answers
   */
  async topicConfigs(topics: readonly string[], names: readonly string[]): Promise<ReadonlyMap<string, TopicConfig>> {
    const resources = topics.map((name) => ({ type: topicResource, name, configNames: names }));
    const args = { resources, includeSynonyms: false };
    const answer = await this.requestAny<DescribeConfigsResponse>('DescribeConfigs', args);
    return new Map(
      answer.resources.map(({ resourceName, configEntries }) => [
        resourceName,
        Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      ]),
    );
  }

  /** Sends a request to a broker by its node id, on a connection of its own for each purpose. */
  async request<T>(
    node: number,
    api: ApiName,
    args: object,
    options: Partial<RequestDefinition>,
    purpose: string,
  ): Promise<T> {
    return this.send<T>(this.addressOf(node), purpose, api, args, options);
  }

  /** The same for an answer that has to come within so many milliseconds: kafkajs's timeouts are never shorter than its default. */
  async requestWithin<T>(
    patienceMs: number,
    node: number,
    api: ApiName,
    options: Partial<RequestDefinition>,
    purpose: string,
  ): Promise<T> {
    return this.within<T>(patienceMs, this.addressOf(node), purpose, api, {}, options);
  }

  /** Sends a request to the broker that the last metadata named as the controller. */
  requestController<T>(api: ApiName, args: object): Promise<T> {
    return this.request<T>(this.controller, api, args, {}, 'meta');
  }

  async close(): Promise<void> {
    const links = [...this.links.values()];
    this.closed = true;
    this.links.clear();
    await Promise.all(links.map((link) => link.close()));
  }

  /** Drops a link that failed, so that the next request opens a new one. */
  async drop(link: BrokerLink): Promise<void> {
    for (const [key, known] of this.links) if (known === link) this.links.delete(key);
    await link.close().catch((error: Error) => this.logger.debug(`While closing a connection: ${error.message}`));
  }

  /**
   * Asks the brokers in turn, the one that answered last first, until one answers. One that hangs gets a third of the time,
   * so that a group finds its next coordinator within a session.
   */
  private async requestAny<T>(api: ApiName, args: object): Promise<T> {
    const failures: string[] = [];
    let cause: unknown;
    for (const address of this.candidates()) {
      try {
        const answer = await this.askSoon<T>(address, api, args);
        this.lastAnswered = address;
        return answer;
      } catch (error) {
        cause = error;
        failures.push(`${address.host}:${address.port} (${describeConnectionFailure(error as Error, this.settings)})`);
      }
    }
    throw new Error(`No broker can be reached: ${failures.join(', ')}`, { cause });
  }

  private askSoon<T>(address: BrokerAddress, api: ApiName, args: object): Promise<T> {
    return this.within<T>(Math.ceil(this.settings.requestTimeoutMs / 3), address, 'meta', api, args);
  }

  /**
   * Sends a request to whoever listens there, for an answer within so many milliseconds. A connection may be dead and not say
   * so: the next request goes out on a new one.
   */
  async within<T>(
    patienceMs: number,
    address: BrokerAddress,
    purpose: string,
    ...request: Parameters<BrokerLink['request']>
  ): Promise<T> {
    const answer = this.send<T>(address, purpose, ...request);
    if (await settlesWithin(answer, patienceMs)) return answer;
    void this.drop(this.link(address, purpose));
    throw new Error(`not answered within ${patienceMs} ms`);
  }

  private addressOf(node: number): BrokerAddress {
    const address = this.addresses.get(node);
    if (address) return address;
    throw new Error(`Broker ${node} is not among the brokers the cluster reports`);
  }

  private candidates(): BrokerAddress[] {
    const all = [...this.addresses.values(), ...this.settings.brokers.map(parseAddress)];
    const inTurn = this.lastAnswered ? [this.lastAnswered, ...all] : all;
    return [...new Map(inTurn.map((address) => [`${address.host}:${address.port}`, address])).values()];
  }

  private async send<T>(
    address: BrokerAddress,
    purpose: string,
    ...request: Parameters<BrokerLink['request']>
  ): Promise<T> {
    const link = this.link(address, purpose);
    try {
      return await link.request<T>(...request);
    } catch (error) {
      await this.drop(link);
      throw error;
    }
  }

  /** A connection of its own for each purpose: a broker answers the requests of one in their order. */
  link(address: BrokerAddress, purpose: string): BrokerLink {
    if (this.closed) throw new Error('The connections of this client are closed');
    const key = `${purpose} ${address.host}:${address.port}`;
    const link = this.links.get(key) ?? this.open(address);
    this.links.set(key, link);
    return link;
  }

  private open(address: BrokerAddress): BrokerLink {
    return new BrokerLink(this.builder, address, this.kafkajsLogger, (api, throttledMs) => {
      this.heardAt = performance.now();
      if (throttledMs > 0) this.tellThrottled(address, api, throttledMs);
    });
  }

  /** Makes quotas visible (KIP-219): kafkajs holds back requests as long as the broker asks, without a word. */
  private tellThrottled({ host, port }: BrokerAddress, api: string, delayMs: number): void {
    const broker = `${host}:${port}`;
    this.throttles.note(broker, delayMs);
    this.repeated.warn(
      `Broker ${broker} throttles this client by a quota: ${api} was answered with a pause of ${delayMs} ms`,
      { event: 'throttled', broker, api, delayMs },
      `throttled ${broker}`,
    );
  }
}

function parseAddress(broker: string): BrokerAddress {
  const [host = '', port] = broker.split(':');
  return { host, port: Number(port) };
}
