import { singleFlight } from '../../single-flight.js';
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

/** What kafkajs reads of every answer that has it, decoded by whom it may be. */
interface Answer {
  clientSideThrottleTime?: number;
}

const authenticationTimeoutMs = 10_000;

const asDecoded = (data: unknown): Promise<unknown> => Promise.resolve(data);

/**
 * A connection to one broker, opened by its first request. Answers come as they are decoded, error codes in place:
 * kafkajs's own parsers throw on the first partition with an error and hide the rest.
 */
export class BrokerLink {
  /** Single-flight: kafkajs opens a socket for every request that finds none. */
  private readonly connected = singleFlight(() => this.connect());
  private broker: Broker | undefined;

  /** kafkajs calls a broker connected before it knows the versions that requests need. */
  private ready = false;
  private closed = false;

  constructor(
    private readonly builder: ConnectionPoolBuilder,
    private readonly address: BrokerAddress,
    private readonly logger: unknown,
    private readonly answered: (api: ApiName, throttledMs: number) => void,
  ) {}

  /** @throws kafkajs's connection errors */
  async request<T>(api: ApiName, args: object, options: Partial<RequestDefinition> = {}): Promise<T> {
    const broker = this.ready && this.broker?.isConnected() ? this.broker : await this.connected();
    if (this.closed) throw this.closedError();
    const definition = broker.lookupRequest(apiKeys[api], requests[api])(args);
    const response = { ...(options.response ?? definition.response), parse: asDecoded };
    const answer = (await broker.connectionPool.send({ ...definition, ...options, response })) as Answer;
    this.answered(api, answer.clientSideThrottleTime ?? 0);
    return answer as T;
  }

  /**
   * Rejects what is under way, attempts to connect too, and closes the sockets: kafkajs's own `disconnect` waits for every
   * answer, and goes on to read those that come late.
   */
  async close(): Promise<void> {
    this.closed = true;
    const reason = this.closedError();
    const { pool } = this.broker?.connectionPool ?? { pool: [] };
    for (const { requestQueue, socket } of pool) {
      requestQueue.rejectAll(reason);
      if (socket?.connecting || socket?.secureConnecting) socket.destroy(reason);
    }
    await this.broker?.disconnect();
    for (const { socket } of pool) socket?.destroy();
  }

  private async connect(): Promise<Broker> {
    const { logger } = this;
    const connectionPool = this.broker?.connectionPool ?? (await this.builder.build(this.address));
    this.broker ??= new Broker({ connectionPool, logger, authenticationTimeout: authenticationTimeoutMs });
    this.ready = false;
    if (!this.closed) await this.broker.connect();
    this.ready = !this.closed;
    if (this.ready) return this.broker;
    await this.close();
    throw this.closedError();
  }

  private closedError(): Error {
    return new Error(`The connection to ${this.address.host}:${this.address.port} was closed by this client`);
  }
}
