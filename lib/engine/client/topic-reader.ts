import type { EngineLogger } from '../logger.js';
import { wait } from '../wait.js';
import type { ConnectionSettings, FetcherSettings } from './client-settings.js';
import { Cluster } from './connection/cluster.js';
import { throwOnError } from './connection/protocol-errors.js';
import type { ConsumedRecord, PartitionPosition } from './consumer-client.js';
import { Fetcher } from './fetch/fetcher.js';
import { fetchCommitted } from './group/committed-offsets.js';
import { GroupCoordinator } from './group/group-coordinator.js';
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
const lookEveryMs = 100;

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
   * @throws when the topic does not exist or may not be read, or a partition has no leader
   */
  async ranges(topic: string): Promise<LogRange[]> {
    const [metadata] = await this.cluster.metadata([topic]);
    throwOnError(metadata!.topicErrorCode, `Topic "${topic}" cannot be read`);
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
   * What a group has committed for so many partitions of a topic.
   *
   * @throws when no coordinator answers in time
   */
  async committed(group: string, topic: string, partitions: number): Promise<readonly CommittedOffset[]> {
    const coordinator = new GroupCoordinator(this.cluster, group);
    const deadline = Date.now() + coordinatorPatienceMs;
    for (;;) {
      try {
        return (await fetchCommitted(coordinator, new Map([[topic, partitions]]))).get(topic) ?? [];
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await wait(lookEveryMs, new AbortController().signal); // a coordinator that is loading
      }
    }
  }

  /** The records of a part of a partition, as they come. Reading ends early when the loop over it does. */
  async *read(topic: string, { partition, start, end }: LogRange): AsyncGenerator<Chunk> {
    if (start >= end) return;
    const inbox = new Inbox();
    const fetcher = new Fetcher(this.cluster, this.settings, this.listener(inbox), this.logger);
    const position: PartitionPosition = { topic, partition, offset: start };
    try {
      fetcher.add([position]);
      for (let next = start; next < end;) {
        const chunk = await inbox.take(() => fetcher.resume(position));
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
      missing: (topic: string) => Promise.resolve(inbox.fail(new Error(`Topic "${topic}" does not exist any more`))),
      isDoubtful: () => false,
    };
  }
}

/** What was fetched and not taken yet. */
class Inbox {
  private readonly chunks: Chunk[] = [];
  private failure: Error | undefined;
  private arrived: (() => void) | undefined;

  put(chunk: Chunk): void {
    this.chunks.push(chunk);
    this.arrived?.();
  }

  fail(error: Error): void {
    this.failure = error;
    this.arrived?.();
  }

  /** @param ask is called when there is nothing */
  async take(ask: () => void): Promise<Chunk> {
    if (this.chunks.length === 0 && !this.failure) {
      const arrived = new Promise<void>((resolve) => (this.arrived = resolve));
      ask();
      await arrived;
    }
    if (this.failure) throw this.failure;
    return this.chunks.shift()!;
  }
}
