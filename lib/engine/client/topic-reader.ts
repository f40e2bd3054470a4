import type { EngineLogger } from '../logger.js';
import { wait } from '../wait.js';
import { patiently } from './transactions/patiently.js';
import type { ConnectionSettings, FetcherSettings } from './client-settings.js';
import { Cluster } from './connection/cluster.js';
import { describe, ErrorCode, throwOnError } from './connection/protocol-errors.js';
import type { ConsumedRecord, PartitionPosition } from './consumer-client.js';
import { Fetcher } from './fetch/fetcher.js';

import { GroupCoordinator } from './group/group-coordinator.js';
import { fetchStable } from './group/stable-offsets.js';
import { listOffsets } from './positions/log-offsets.js';
import type { CommittedOffset } from './positions/start-positions.js';

/** A part of a partition's log, in offsets; `end` is behind the last. */
export interface LogRange {
  partition: number;
  start: number;
  end: number;
}

/** Records of a partition, and the offset to go on with behind them. */
export interface Chunk {
  records: readonly ConsumedRecord[];
  next: number;
}

const coordinatorPatienceMs = 10_000;

/** How long nothing may come of a partition that is to have something. */
const readPatienceMs = 30_000;

/** A topic is not there, or may not be read: asking again does not help. */
export class TopicNotReadableError extends Error {
  override readonly name = 'TopicNotReadableError';
}

/** Reads what is there of a topic, without a group. */
export class TopicReader {
  private readonly cluster: Cluster;

  constructor(
    connection: ConnectionSettings,
    private readonly settings: FetcherSettings,
    private readonly logger: EngineLogger,
  ) {
    this.cluster = new Cluster(connection, logger);
  }

  /**
   * What each partition of a topic holds.
   *
   * @throws TopicNotReadableError when the topic does not exist or may not be read
   * @throws Error when that, or where a partition begins and ends, cannot be told now
   */
  async ranges(topic: string): Promise<LogRange[]> {
    const [metadata] = await this.cluster.metadata([topic]);
    const { topicErrorCode } = metadata!;
    const what = `Topic "${topic}" cannot be read`;
    if (hopeless.includes(topicErrorCode)) throw new TopicNotReadableError(describe(topicErrorCode, what).message);
    throwOnError(topicErrorCode, what);
    const partitions = metadata!.partitionMetadata.map(({ partitionId }) => ({ topic, partition: partitionId }));
    const [starts, ends] = [
      await listOffsets(this.cluster, partitions, 'beginning'),
      await listOffsets(this.cluster, partitions, 'end'),
    ];
    return partitions.map(({ partition }) => {
      const [start, end] = [starts, ends].map((offsets) => offsets.find((found) => found.partition === partition));
      if (!start || !end) throw new Error(`${topic}-${partition} has no leader that tells its offsets; try again`);
      return { partition, start: start.offset, end: end.offset };
    });
  }

  /**
   * What a group has committed for so many partitions of a topic, once its transactions have ended.
   *
   * @throws when no coordinator tells it in time
   */
  async committed(group: string, topic: string, partitions: number): Promise<readonly CommittedOffset[]> {
    const coordinator = new GroupCoordinator(this.cluster, group);
    const asked = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    return patiently(performance.now() + coordinatorPatienceMs, async () => {
      const committed = await fetchStable(coordinator, asked);
      if (committed.length === partitions) return committed;
      throw new Error(`The committed offsets of group "${group}" cannot be told yet`);
    });
  }

  /**
   * The records of a part of a partition, as they come. Reading ends early when the loop over it does, or the signal is aborted.
   *
   * @throws when nothing comes for 30 s: the log tells why
   */
  async *read(topic: string, { partition, start, end }: LogRange, signal: AbortSignal): AsyncGenerator<Chunk> {
    if (start >= end) return;
    const inbox = new Inbox(signal);
    const fetcher = new Fetcher(this.cluster, this.settings, this.listener(inbox), this.logger);
    const position: PartitionPosition = { topic, partition, offset: start };
    try {
      fetcher.add([position]);
      for (let next = start; next < end;) {
        const chunk = await inbox.take(() => fetcher.resume(position));
        if (signal.aborted) return;
        if (!chunk) throw new Error(`Nothing has come of ${topic}-${partition}@${next} for ${readPatienceMs} ms`);
        fetcher.pause(position);
        next = chunk.next;
        yield { records: chunk.records.filter(({ offset }) => offset < end), next: Math.min(next, end) };
      }
    } finally {
      fetcher.stop();
    }
  }

  close(): Promise<void> {
    return this.cluster.close();
  }

  private listener(inbox: Inbox) {
    return {
      records: (_: unknown, records: readonly ConsumedRecord[], next: number) => inbox.put({ records, next }),
      repositioned: ({ offset }: PartitionPosition) => inbox.put({ records: [], next: offset }),
      missing: (topic: string) => Promise.resolve(inbox.fail(gone(topic))),
      isDoubtful: () => false,
    };
  }
}

const hopeless: readonly number[] = [
  ErrorCode.UnknownTopicOrPartition,
  ErrorCode.TopicAuthorizationFailed,
  ErrorCode.InvalidTopic,
];

function gone(topic: string): Error {
  return new TopicNotReadableError(`Topic "${topic}" does not exist any more`);
}

/** What was fetched and not taken yet. */
class Inbox {
  private readonly chunks: Chunk[] = [];
  private failure: Error | undefined;
  private arrived: (() => void) | undefined;

  constructor(private readonly signal: AbortSignal) {}

  put(chunk: Chunk): void {
    this.chunks.push(chunk);
    this.arrived?.();
  }

  fail(error: Error): void {
    this.failure = error;
    this.arrived?.();
  }

  /**
   * @param ask is called when there is nothing
   * @returns `undefined` when nothing has come for long, or the signal was aborted
   */
  async take(ask: () => void): Promise<Chunk | undefined> {
    if (this.chunks.length === 0 && !this.failure) {
      const over = new AbortController();
      this.arrived = () => over.abort();
      ask();
      await wait(readPatienceMs, AbortSignal.any([over.signal, this.signal]));
    }
    if (this.failure) throw this.failure;
    return this.chunks.shift();
  }
}
