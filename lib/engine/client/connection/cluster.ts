import type { EngineLogger } from '../../logger.js';
import { BrokerLink, type BrokerAddress } from './broker-link.js';
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
import type { ConnectionSettings } from '../client-settings.js';
import { socketFactory } from './kafkajs-internals.js';

export interface TopicMetadata {
  topicErrorCode: number;
  topic: string;
  isInternal: boolean;
  partitionMetadata: { partitionId: number; leader: number }[];
}

interface MetadataResponse {
  brokers: ({ nodeId: number } & BrokerAddress)[];
  topicMetadata: TopicMetadata[];
}

interface CoordinatorResponse {
  errorCode: number;
  coordinator: { nodeId: number } & BrokerAddress;
}

/** What one client knows of the cluster: its brokers, and a link to each that it talks to. */
export class Cluster {
  private readonly builder: ConnectionPoolBuilder;
  private readonly links = new Map<string, BrokerLink>();
  private addresses: ReadonlyMap<number, BrokerAddress> = new Map();
  private lastAnswered: BrokerAddress | undefined;
  private readonly kafkajsLogger: unknown;

  constructor(
    private readonly settings: ConnectionSettings,
    private readonly logger: EngineLogger,
  ) {
    this.kafkajsLogger = kafkajsLogger(logger);
    this.builder = connectionPoolBuilder({
      logger: this.kafkajsLogger,
      socketFactory: socketFactory(),
      ...kafkajsConnection(settings),
      enforceRequestTimeout: true,
    });
  }

  /** Metadata of the named topics, or of all; missing and forbidden ones come with their error code. */
  async metadata(topics: readonly string[] | 'all'): Promise<TopicMetadata[]> {
    if (topics.length === 0) return [];
    const args = { topics: topics === 'all' ? [] : topics, allowAutoTopicCreation: false };
    const { brokers, topicMetadata } = await this.requestAny<MetadataResponse>('Metadata', args);
    this.addresses = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    return topicMetadata;
  }

  /**
   * A link of its own to the group's coordinator: answers come in order, and a join may take as long as the rebalance.
   *
   * @throws when the group may not be used, or no coordinator is to be had now
   */
  async coordinator(group: string): Promise<BrokerLink> {
    const { errorCode, coordinator } = await this.requestAny<CoordinatorResponse>('GroupCoordinator', {
      groupId: group,
    });
    throwOnError(errorCode, `looking up the coordinator of group "${group}"`);
    return this.link(coordinator, 'coordinator');
  }

  /** Sends a request to a broker by its node id. */
  async request<T>(node: number, api: ApiName, args: object, options?: Partial<RequestDefinition>): Promise<T> {
    const address = this.addresses.get(node);
    if (!address) throw new Error(`Broker ${node} is not among the brokers the cluster reports`);
    return this.send<T>(address, 'data', api, args, options);
  }

  async close(): Promise<void> {
    const links = [...this.links.values()];
    this.links.clear();
    await Promise.all(links.map((link) => link.close()));
  }

  /** Drops a link that failed, so that the next request opens a new one. */
  async drop(link: BrokerLink): Promise<void> {
    for (const [key, known] of this.links) if (known === link) this.links.delete(key);
    await link.close().catch((error: Error) => this.logger.debug(`While closing a connection: ${error.message}`));
  }

  /** Asks the brokers in turn, the one that answered last first, until one answers. */
  private async requestAny<T>(api: ApiName, args: object): Promise<T> {
    const failures: string[] = [];
    let cause: unknown;
    for (const address of this.candidates()) {
      try {
        const answer = await this.send<T>(address, 'meta', api, args);
        this.lastAnswered = address;
        return answer;
      } catch (error) {
        cause = error;
        failures.push(`${address.host}:${address.port} (${describeConnectionFailure(error as Error, this.settings)})`);
      }
    }
    throw new Error(`No broker can be reached: ${failures.join(', ')}`, { cause });
  }

  private candidates(): BrokerAddress[] {
    const all = [...this.addresses.values(), ...this.settings.brokers.map(parseAddress)];
    return this.lastAnswered ? [this.lastAnswered, ...all] : all;
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

  private link(address: BrokerAddress, purpose: string): BrokerLink {
    const key = `${purpose} ${address.host}:${address.port}`;
    const link = this.links.get(key) ?? new BrokerLink(this.builder, address, this.kafkajsLogger);
    this.links.set(key, link);
    return link;
  }
}

function parseAddress(broker: string): BrokerAddress {
  const [host = '', port] = broker.split(':');
  return { host, port: Number(port) };
}
