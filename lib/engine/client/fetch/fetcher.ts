import type { EngineLogger } from '../../logger.js';
import { wait } from '../../wait.js';
import { byTopic } from '../connection/by-topic.js';
import type { GroupSettings } from '../client-settings.js';
import type { Cluster } from '../connection/cluster.js';
import {
  partitionName,
  type ConsumerClientListener,
  type PartitionPosition,
  type TopicPartition,
} from '../consumer-client.js';
import {
  decodeFetchResponse,
  decodePartition,
  type DecodedPartition,
  type FetchedPartition,
  type FetchResponse,
} from './fetch-response.js';
import { listOffsets } from '../positions/log-offsets.js';
import { describe, ErrorCode } from '../connection/protocol-errors.js';

const retryDelayMs = 500;
const undecodableDelayMs = 5_000;
const readCommitted = 1;

/** Where reading of one partition stands. */
interface FetchState extends TopicPartition {
  position: number;
  node: number;
  paused: boolean;

  /** Time before which the partition is left out, after an error of its own. */
  blockedUntil: number;
}

export interface FetchedRecordsListener extends Pick<ConsumerClientListener, 'records' | 'repositioned'> {
  /** A topic is not there (any more); its partitions are not read until they are assigned anew. */
  vanished(topic: string): void;
}

/** Reads the partitions of one assignment: a loop for each broker that leads one of them. */
export class Fetcher {
  private readonly stopped = new AbortController();
  private readonly states = new Map<string, FetchState>();
  private readonly loops = new Set<number>();
  private wake = new AbortController();

  constructor(
    private readonly cluster: Cluster,
    private readonly settings: GroupSettings,
    private readonly listener: FetchedRecordsListener,
    private readonly logger: EngineLogger,
  ) {}

  async start(positions: readonly PartitionPosition[]): Promise<void> {
    for (const { topic, partition, offset } of positions) {
      const state = { topic, partition, position: offset, node: -1, paused: false, blockedUntil: 0 };
      this.states.set(partitionName(state), state);
    }
    await this.locateLeaders();
  }

  pause(partition: TopicPartition): void {
    const state = this.states.get(partitionName(partition));
    if (state) state.paused = true;
  }

  resume(partition: TopicPartition): void {
    const state = this.states.get(partitionName(partition));
    if (state) state.paused = false;
    this.wakeLoops();
  }

  stop(): void {
    this.stopped.abort();
    this.wakeLoops();
  }

  private get running(): boolean {
    return !this.stopped.signal.aborted;
  }

  /** Finds out who leads each partition, and starts loops for brokers that have none yet. */
  private async locateLeaders(): Promise<void> {
    const topics = await this.cluster.metadata([...new Set([...this.states.values()].map(({ topic }) => topic))]);
    for (const { topic, partitionMetadata } of topics) {
      for (const { partitionId, leader } of partitionMetadata) {
        const state = this.states.get(partitionName({ topic, partition: partitionId }));
        if (state) state.node = leader;
      }
    }
    for (const node of new Set([...this.states.values()].map((state) => state.node))) this.startLoop(node);
    this.wakeLoops();
  }

  private startLoop(node: number): void {
    if (this.loops.has(node) || !this.running) return;
    this.loops.add(node);
    void this.loop(node);
  }

  /** Leaves the set in the same turn that finds no partition: one that moves here in between would find no loop. */
  private async loop(node: number): Promise<void> {
    while (this.running && this.statesOf(node).length > 0) {
      const wanted = this.statesOf(node).filter((state) => !state.paused && state.blockedUntil <= Date.now());
      if (node < 0) await this.relocateLater();
      else if (wanted.length === 0) await this.untilWanted(node);
      else await this.fetchOnce(node, wanted);
    }
    this.loops.delete(node);
  }

  private statesOf(node: number): FetchState[] {
    return [...this.states.values()].filter((state) => state.node === node);
  }

  private async fetchOnce(node: number, wanted: FetchState[]): Promise<void> {
    try {
      this.moveToEnd(wanted[0]!);
      const asked = new Map(wanted.map((state) => [state, state.position]));
      const { partitions } = await this.fetch(node, wanted);
      for (const fetched of partitions) await this.accept(fetched, asked);
    } catch (error) {
      if (!this.running) return;
      this.logger.warn(`Fetching from broker ${node} failed, trying again: ${(error as Error).message}`);
      await this.relocateLater();
    }
  }

  /** A broker fills its answer in the order of the request: each partition gets to be the first of it. */
  private moveToEnd(state: FetchState): void {
    this.states.delete(partitionName(state));
    this.states.set(partitionName(state), state);
  }

  private fetch(node: number, wanted: FetchState[]): Promise<FetchResponse> {
    const { minBytes, maxBytes, maxBytesPerPartition, maxWaitMs } = this.settings.fetch;
    const topics = byTopic(wanted, ({ partition, position }) => ({
      partition,
      fetchOffset: String(position),
      maxBytes: maxBytesPerPartition,
    }));
    const { rackId } = this.settings;
    return this.cluster.request<FetchResponse>(
      node,
      'Fetch',
      { isolationLevel: readCommitted, maxWaitTime: maxWaitMs, minBytes, maxBytes, rackId, topics },
      { requestTimeout: maxWaitMs + this.settings.requestTimeoutMs, response: fetchResponse },
    );
  }

  /** An answer counts only for a partition that still stands where it was asked for. */
  private async accept(fetched: FetchedPartition, asked: ReadonlyMap<FetchState, number>): Promise<void> {
    const state = this.states.get(partitionName(fetched));
    if (!this.running || !state || state.paused || asked.get(state) !== state.position) return;
    if (fetched.errorCode !== ErrorCode.None) return this.recover(state, fetched.errorCode);
    if (fetched.preferredReadReplica >= 0) return this.moveTo(state, fetched.preferredReadReplica);
    const decoded = await this.decode(fetched, state);
    if (!this.running || !decoded || decoded.next === state.position) return;
    this.listener.records(state, decoded.records, decoded.next);
    state.position = decoded.next;
  }

  private async decode(fetched: FetchedPartition, state: FetchState): Promise<DecodedPartition | undefined> {
    try {
      return await decodePartition(fetched, state.position);
    } catch (error) {
      state.blockedUntil = Date.now() + undecodableDelayMs;
      this.logger.error(
        `Records of ${partitionName(state)} from offset ${state.position} cannot be decoded; the partition waits and is ` +
          `tried again, others go on: ${(error as Error).message}`,
      );
      return undefined;
    }
  }

  /** The broker names a replica closer to our rack (KIP-392). */
  private moveTo(state: FetchState, node: number): void {
    state.node = node;
    this.startLoop(node);
    this.wakeLoops();
  }

  private async recover(state: FetchState, errorCode: number): Promise<void> {
    state.blockedUntil = Date.now() + retryDelayMs;
    if (errorCode === ErrorCode.OffsetOutOfRange) return this.resetPosition(state);
    if (errorCode === ErrorCode.UnknownTopicOrPartition) return this.giveUpTopic(state);
    this.logger.warn(`${describe(errorCode, `Fetching ${partitionName(state)} failed, trying again`).message}`);
    await this.locateLeaders();
  }

  /** It was deleted, and perhaps made anew: what we know of its offsets may be of another log. */
  private giveUpTopic({ topic }: FetchState): void {
    for (const state of [...this.states.values()]) {
      if (state.topic === topic) this.states.delete(partitionName(state));
    }
    this.listener.vanished(topic);
  }

  /** Never to the end: what is retained is read, at worst once more. */
  private async resetPosition(state: FetchState): Promise<void> {
    const [first] = await listOffsets(this.cluster, [state], 'beginning');
    const [last] = await listOffsets(this.cluster, [state], 'end');
    if (!this.running || !first || !last) return;
    const isWithin = state.position >= first.offset && state.position <= last.offset;
    if (isWithin) return; // a replica that is behind
    const place = `${partitionName(state)} has no offset ${state.position}`;
    if (state.position < first.offset) {
      this.logger.warn(`${place} any more (retention); going on at its beginning, ${first.offset}`);
    } else {
      this.logger.error(`${place} (topic truncated or recreated?); going on at its beginning, ${first.offset}`);
    }
    state.position = first.offset;
    state.blockedUntil = 0;
    this.listener.repositioned({ topic: state.topic, partition: state.partition, offset: first.offset });
  }

  private async relocateLater(): Promise<void> {
    await wait(retryDelayMs, this.stopped.signal);
    if (!this.running) return;
    await this.locateLeaders().catch((error: Error) => this.logger.warn(`Looking up leaders failed: ${error.message}`));
  }

  /** Sleeps until a partition of the broker is resumed, moved here, or past the time it was blocked for. */
  private async untilWanted(node: number): Promise<void> {
    const times = this.statesOf(node).flatMap((state) => (state.paused ? [] : [state.blockedUntil]));
    const untilUnblocked = Math.max(1, Math.min(...times, Date.now() + 60_000) - Date.now());
    await wait(untilUnblocked, this.wake.signal);
  }

  private wakeLoops(): void {
    this.wake.abort();
    this.wake = new AbortController();
  }
}

const fetchResponse = { decode: decodeFetchResponse, parse: (data: unknown) => Promise.resolve(data) };
