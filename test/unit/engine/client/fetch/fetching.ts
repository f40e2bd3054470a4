import { jest } from '@jest/globals';
import type { FetchSettings, GroupSettings } from '../../../../../lib/engine/client/client-settings.js';
import type { Cluster } from '../../../../../lib/engine/client/connection/cluster.js';
import { ErrorCode } from '../../../../../lib/engine/client/connection/protocol-errors.js';
import {
  partitionName,
  type ConsumedRecord,
  type TopicPartition,
} from '../../../../../lib/engine/client/consumer-client.js';
import type { FetchRequest } from '../../../../../lib/engine/client/fetch/fetch-request.js';
import type { FetchedPartition } from '../../../../../lib/engine/client/fetch/fetch-response.js';
import { Fetcher } from '../../../../../lib/engine/client/fetch/fetcher.js';
import { everythingDue } from '../../../../support/consuming-application.js';
import { deferred, type Deferred } from '../../../../support/deferred.js';
import { encodeBatch } from '../../../../support/record-batches.js';
import { RecordingLogger } from '../../../../support/recording-logger.js';

export const notLeader = 6;

/** A fetch that waits for its answer. */
export interface PendingFetch {
  node: number;
  lane: 'main' | 'express';
  request: FetchRequest;

  /** `orders-0@5` for each partition. */
  asked: string[];
  answer: Deferred<{ errorCode: number; partitions: FetchedPartition[] }>;
}

/** A fetcher of topic `orders` on a cluster whose answers are given by hand. */
export class Fetching {
  /** Leaders of the partitions. */
  leaders: number[] = [1, 1, 2];
  metadata = (): Promise<void> => Promise.resolve();

  /** The topic is not there. */
  unknown = false;
  beginning = Promise.resolve(0);
  end = Promise.resolve(8);
  readonly pending: PendingFetch[] = [];

  /** `0: 5,6 next 7` */
  readonly events: string[] = [];
  readonly records: ConsumedRecord[] = [];
  readonly logger = new RecordingLogger();
  readonly fetcher: Fetcher;

  /** Finding out whether a topic is there that a broker does not know. */
  findingOut = Promise.resolve();

  /** Called with every batch that is handed out. */
  onRecords: (event: string) => void = () => undefined;

  constructor(fetch: Partial<FetchSettings> = {}) {
    const group = { ...settings, fetch: { ...settings.fetch, ...fetch } };
    this.fetcher = new Fetcher(this.cluster(), group, this.listener(), this.logger);
  }

  /** Partitions with the offsets to start at. */
  add(...positions: [partition: number, offset: number][]): void {
    this.fetcher.add(positions.map(([partition, offset]) => ({ topic: 'orders', partition, offset })));
  }

  pause = (partition: number): void => this.fetcher.pause(orders(partition));
  resume = (partition: number): void => this.fetcher.resume(orders(partition));
  remove = (partition: number): void => this.fetcher.remove([orders(partition)]);
  seek = (partition: number, offset: number): void => this.fetcher.seek({ ...orders(partition), offset });
  position = (partition: number): number | undefined => this.fetcher.position(orders(partition));

  /** Waits for a fetch of a broker. */
  async next(node = 1, lane?: PendingFetch['lane']): Promise<PendingFetch> {
    const isMeant = (fetch: PendingFetch): boolean => fetch.node === node && (!lane || fetch.lane === lane);
    const describe = (): string =>
      `a fetch of broker ${node} ${lane ?? ''}; there is ${JSON.stringify(this.pending.map(({ asked }) => asked))}`;
    await until(() => this.pending.some(isMeant), describe);
    return this.pending.splice(this.pending.findIndex(isMeant), 1)[0]!;
  }

  /** Waits for a fetch that asks for this, and answers it with these partitions. */
  async answer(asked: string, ...partitions: FetchedPartition[]): Promise<void> {
    const isMeant = (fetch: PendingFetch): boolean => fetch.asked.includes(asked);
    await until(() => this.pending.some(isMeant), `a fetch of ${asked}`);
    reply(this.pending.splice(this.pending.findIndex(isMeant), 1)[0]!, ...partitions);
  }

  /** Waits until so much was handed out. */
  async handedOut(...events: string[]): Promise<void> {
    await until(
      () => this.events.length >= events.length,
      () => `${JSON.stringify(events)}; there is ${JSON.stringify(this.events)}`,
    );
  }

  stop(): void {
    this.fetcher.stop();
    this.pending.forEach((fetch) => reply(fetch));
  }

  private listener() {
    const doubtful = new Set<string>();
    return {
      records: ({ partition }: TopicPartition, records: readonly ConsumedRecord[], next: number) => {
        const event = `${partition}: ${records.map(({ offset }) => offset).join()} next ${next}`;
        this.events.push(event);
        this.records.push(...records);
        this.onRecords(event);
      },
      repositioned: ({ partition, offset }: { partition: number; offset: number }) =>
        void this.events.push(`${partition}: repositioned to ${offset}`),
      isDoubtful: (topic: string) => doubtful.has(topic),
      missing: async (topic: string) => {
        this.events.push(`${topic} missing`);
        doubtful.add(topic);
        await this.findingOut;
        doubtful.delete(topic);
      },
    };
  }

  private cluster(): Cluster {
    const fake: Pick<Cluster, 'metadata' | 'request'> = {
      metadata: async () => {
        await this.metadata();
        if (this.unknown) return [unknownTopic];
        const partitionMetadata = this.leaders.map((leader, partitionId) => ({
          partitionId,
          leader,
          replicas: [leader],
        }));
        return [{ topicErrorCode: 0, topic: 'orders', isInternal: false, partitionMetadata }];
      },
      request: (node, api, args, _options, purpose) =>
        (api === 'Fetch' ? this.fetch(node, args as FetchRequest, purpose) : this.list(args as ListArguments)) as never,
    };
    return fake as Cluster;
  }

  private fetch(node: number, request: FetchRequest, purpose = 'data') {
    const asked = request.partitions.map(({ partition, offset }) => `${partitionName(partition)}@${offset}`);
    const answer = deferred<{ errorCode: number; partitions: FetchedPartition[] }>();
    this.pending.push({ node, lane: purpose === 'data' ? 'main' : 'express', request, asked, answer });
    return answer.promise;
  }

  private async list({ topics }: ListArguments) {
    const responses = topics.map(async ({ topic, partitions }) => ({
      topic,
      partitions: await Promise.all(
        partitions.map(async ({ partition, timestamp }) => {
          const offset = timestamp === -2 ? await this.beginning : await this.end;
          return { partition, errorCode: 0, offset: String(offset) };
        }),
      ),
    }));
    return { responses: await Promise.all(responses) };
  }
}

const unknownTopic = {
  topicErrorCode: ErrorCode.UnknownTopicOrPartition,
  topic: 'orders',
  isInternal: false,
  partitionMetadata: [],
};

const deadlineMs = 5000;

/** Lets the event loop turn until a condition holds. The clock may be a fake one: only this deadline is by the real one. */
export async function until(condition: () => boolean, message: string | (() => string)): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!condition()) {
    await new Promise(setImmediate);
    if (performance.now() < deadline) continue;
    throw new Error(`Expected ${typeof message === 'string' ? message : message()}`);
  }
}

/** Lets time pass that is faked, and all come of it that does. */
export async function passes(ms: number): Promise<void> {
  await everythingDue();
  await jest.advanceTimersByTimeAsync(ms);
  await everythingDue();
}

interface ListArguments {
  topics: { topic: string; partitions: { partition: number; timestamp: number }[] }[];
}

export function reply({ answer }: PendingFetch, ...partitions: FetchedPartition[]): void {
  answer.resolve({ errorCode: 0, partitions });
}

/** What a broker returns for a partition, with a batch of each list of offsets. */
export async function partition(number: number, ...batches: number[][]): Promise<FetchedPartition> {
  const encoded = await Promise.all(batches.map((offsets) => encodeBatch(offsets.map((offset) => ({ offset })))));
  return answered(number, Buffer.concat(encoded));
}

export function answered(number: number, bytes: Buffer): FetchedPartition {
  return {
    topic: 'orders',
    partition: number,
    errorCode: ErrorCode.None,
    lastStableOffset: 100,
    abortedTransactions: [],
    preferredReadReplica: -1,
    bytes,
  };
}

/** A partition of which there is no more. */
export function atEnd(number: number): FetchedPartition {
  return { ...answered(number, Buffer.alloc(0)), lastStableOffset: 0 };
}

export function failing(number: number, errorCode: number): FetchedPartition {
  return { ...atEnd(number), errorCode, lastStableOffset: -1 };
}

const orders = (partition: number): TopicPartition => ({ topic: 'orders', partition });

const settings: GroupSettings = {
  group: 'billing',
  groupInstanceId: undefined,
  assignors: ['cooperative-sticky'],
  leaveOnStop: true,
  topics: ['orders'],
  startFromBeginning: false,
  sideTopics: () => [],
  isTransactional: false,
  createTopics: false,
  sessionTimeoutMs: 30_000,
  heartbeatIntervalMs: 3000,
  rebalanceTimeoutMs: 60_000,
  requestTimeoutMs: 30_000,
  rackId: undefined,
  fetch: {
    minBytes: 1,
    maxBytes: 10_000,
    maxBytesPerPartition: 1_000,
    maxWaitMs: 5000,
    maxBufferedBytes: 1_000_000,
    checkCrcs: false,
  },
};
