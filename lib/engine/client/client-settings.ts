import type { SASLOptions } from 'kafkajs';
import type { ConnectionOptions } from 'node:tls';

/** How to reach and sign on to a cluster, in the client's own terms. */
export interface ConnectionSettings {
  brokers: string[];
  clientId: string;
  ssl: boolean | ConnectionOptions;
  sasl: SASLOptions | undefined;
  connectionTimeoutMs: number;
  requestTimeoutMs: number;
}

/** How a member of a group behaves. */
export interface GroupSettings {
  group: string;
  topics: readonly (string | RegExp)[];
  startFromBeginning: boolean;
  sessionTimeoutMs: number;
  heartbeatIntervalMs: number;
  rebalanceTimeoutMs: number;
  requestTimeoutMs: number;
  rackId: string | undefined;
  fetch: { minBytes: number; maxBytes: number; maxBytesPerPartition: number; maxWaitMs: number };
}
