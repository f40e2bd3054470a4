/**
 * The parts of kafkajs that its index does not export, with the types we use of them. kafkajs has no `exports` map, so
 * the paths can be imported; 2.2.4 is its last release and pinned, and a test holds paths and signatures.
 * Nothing else imports them.
 */
import type { Socket } from 'node:net';
import kafkajs from 'kafkajs';
// @ts-expect-error: kafkajs declares no types for its inner modules
import BrokerClass from 'kafkajs/src/broker/index.js';
// @ts-expect-error: see above
import connectionPoolBuilderFunction from 'kafkajs/src/cluster/connectionPoolBuilder.js';
// @ts-expect-error: see above
import socketFactoryFunction from 'kafkajs/src/network/socketFactory.js';
// @ts-expect-error: see above
import compression from 'kafkajs/src/protocol/message/compression/index.js';
// @ts-expect-error: see above
import apiKeyTable from 'kafkajs/src/protocol/requests/apiKeys.js';
// @ts-expect-error: see above
import requestTable from 'kafkajs/src/protocol/requests/index.js';
// @ts-expect-error: see above
import loggers from 'kafkajs/src/loggers/index.js';
// @ts-expect-error: see above
import protocolErrors from 'kafkajs/src/protocol/error.js';

/** An API of the protocol under kafkajs's name for it. */
export type ApiName =
  | 'AddOffsetsToTxn'
  | 'AddPartitionsToTxn'
  | 'CreateTopics'
  | 'DescribeConfigs'
  | 'EndTxn'
  | 'Fetch'
  | 'GroupCoordinator'
  | 'Heartbeat'
  | 'InitProducerId'
  | 'JoinGroup'
  | 'LeaveGroup'
  | 'ListOffsets'
  | 'Metadata'
  | 'OffsetCommit'
  | 'OffsetFetch'
  | 'Produce'
  | 'SyncGroup'
  | 'TxnOffsetCommit';

export interface RequestDefinition {
  request: unknown;
  response: { decode(payload: Buffer): Promise<unknown>; parse(data: unknown): Promise<unknown> };
  requestTimeout?: number;
  logResponseError?: boolean;
}

export interface ConnectionPool {
  host: string;
  port: number;
  pool: { requestQueue: { rejectAll(error: Error): void }; socket?: Socket & { secureConnecting?: boolean } }[];
  send(request: RequestDefinition): Promise<unknown>;
}

export interface ConnectionPoolBuilder {
  build(destination: { host: string; port: number }): Promise<ConnectionPool>;
}

export interface Broker {
  readonly connectionPool: ConnectionPool;
  isConnected(): boolean;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  lookupRequest(apiKey: number, definition: unknown): (args: object) => RequestDefinition;
}

export interface ProtocolError extends Error {
  type: string;
  code: number;
  retriable: boolean;
}

export const Broker = BrokerClass as new (options: {
  connectionPool: ConnectionPool;
  logger: unknown;
  authenticationTimeout: number;
}) => Broker;

export const connectionPoolBuilder = connectionPoolBuilderFunction as (options: object) => ConnectionPoolBuilder;

export const socketFactory = socketFactoryFunction as () => unknown;

/** Finds the codec of a batch by its attributes; `null` when it is not compressed, throws when it is not registered. */
export const lookupCodec = (compression as { lookupCodecByAttributes: (attributes: number) => Codec | null })
  .lookupCodecByAttributes;

export interface Codec {
  decompress(buffer: Buffer): Promise<Buffer>;
}

export const apiKeys = apiKeyTable as Record<ApiName, number>;

export const requests = (requestTable as { requests: Record<ApiName, unknown> }).requests;

export const createErrorFromCode = (protocolErrors as { createErrorFromCode: (code: number) => ProtocolError })
  .createErrorFromCode;

export const { logLevel } = kafkajs;

export const createKafkajsLogger = (loggers as { createLogger: (options: object) => unknown }).createLogger;
