import { singleFlight } from '../single-flight.js';
import {
  apiKeys,
  Broker,
  requests,
  type ApiName,
  type ConnectionPoolBuilder,
  type RequestDefinition,
} from './kafkajs-internals.js';

/** Where a broker listens, as the cluster advertises it. */
export interface BrokerAddress {
  host: string;
  port: number;
}

const asDecoded = (data: unknown): Promise<unknown> => Promise.resolve(data);

/**
 * A connection to one broker. Answers come as they are decoded, error codes in place: kafkajs's own parsers throw on the
 * first partition with an error and hide the rest.
 */
export class BrokerLink {
  /** Single-flight: kafkajs opens a socket for every request that finds none. */
  private readonly connecting = singleFlight(() => this.broker.connect());

  private constructor(
    private readonly broker: Broker,
    readonly address: BrokerAddress,
  ) {}

  static async open(builder: ConnectionPoolBuilder, address: BrokerAddress, logger: unknown): Promise<BrokerLink> {
    const connectionPool = await builder.build(address);
    return new BrokerLink(new Broker({ connectionPool, logger, authenticationTimeout: 10_000 }), address);
  }

  async connect(): Promise<void> {
    if (!this.broker.isConnected()) await this.connecting();
  }

  /** @throws kafkajs's connection errors */
  async request<T>(api: ApiName, args: object, options: Partial<RequestDefinition> = {}): Promise<T> {
    await this.connect();
    const definition = this.broker.lookupRequest(apiKeys[api], requests[api])(args);
    const response = { ...(options.response ?? definition.response), parse: asDecoded };
    return (await this.broker.connectionPool.send({ ...definition, ...options, response })) as T;
  }

  /** Rejects what is under way and closes the sockets: kafkajs's own `disconnect` waits for every answer. */
  async close(): Promise<void> {
    const closed = new Error(`Connection to ${this.address.host}:${this.address.port} closed by this client`);
    for (const { requestQueue } of this.broker.connectionPool.pool) requestQueue.rejectAll(closed);
    await this.broker.disconnect();
  }
}
