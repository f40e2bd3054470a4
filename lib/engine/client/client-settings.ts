import type { SASLOptions } from 'kafkajs';
import type { ConnectionOptions } from 'node:tls';
import type { Compression } from './produce/pending-record.js';
import type { SideTopic } from '../recovery/recovery-topics.js';

/** How to reach and sign on to a cluster, in the client's own terms. */
export interface ConnectionSettings {
  brokers: string[];
  clientId: string;
  ssl: boolean | ConnectionOptions;
  sasl: SASLOptions | undefined;
  connectionTimeoutMs: number;
  requestTimeoutMs: number;
}

/**
 * A way to divide partitions among the members of a group.
 *
 * @publicApi
 */
export type AssignorName = 'cooperative-sticky' | 'sticky' | 'roundrobin';

/** How records are sent. */
export interface ProducerSettings {
  lingerMs: number;
  deliveryTimeoutMs: number;
  maxRequestBytes: number;
  maxBufferedBytes: number;
  compression: Compression;
}

/** What concerns the sending alone. */
export type SenderSettings = ProducerSettings & Pick<ConnectionSettings, 'requestTimeoutMs'>;

/** How a member of a group behaves. */
export interface GroupSettings {
  group: string;

  /** A name for this process that outlives it (KIP-345): a member that comes back under it gets its partitions back. */
  groupInstanceId: string | undefined;

  /** How the group may divide its partitions, the preferred way first. Members of a group need one in common. */
  assignors: readonly AssignorName[];

  /** Whether a close tells the group, or leaves the partitions waiting for this member until its session ends. */
  leaveOnStop: boolean;
  topics: readonly (string | RegExp)[];
  startFromBeginning: boolean;

  /** Whether positions may be written in transactions: then those under way are waited for. */
  isTransactional: boolean;

  /** What recovery needs beside a topic that is subscribed to. */
  sideTopics: (topic: string) => readonly SideTopic[];

  /** Whether those of them that are missing are made. */
  createTopics: boolean;
  sessionTimeoutMs: number;
  heartbeatIntervalMs: number;
  rebalanceTimeoutMs: number;
  requestTimeoutMs: number;
  rackId: string | undefined;
  fetch: FetchSettings;
}

/** What concerns the fetching alone. */
export type FetcherSettings = Pick<GroupSettings, 'rackId' | 'requestTimeoutMs' | 'fetch'>;

export interface FetchSettings {
  minBytes: number;
  maxBytes: number;
  maxBytesPerPartition: number;
  maxWaitMs: number;

  /** Bytes fetched and not yet handed out, of all partitions, and those that polls under way may bring. */
  maxBufferedBytes: number;

  /** Whether to verify the checksum of each batch. */
  checkCrcs: boolean;
}

const longestDrainMs = 5_000;

/** How long running handlers may hold up a rebalance, in ms. */
export function drainBudgetMs({ sessionTimeoutMs, rebalanceTimeoutMs }: GroupSettings): number {
  return Math.min(longestDrainMs, sessionTimeoutMs / 2, rebalanceTimeoutMs / 3);
}
