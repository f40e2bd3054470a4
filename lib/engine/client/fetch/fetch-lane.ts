import type { FetcherSettings } from '../client-settings.js';
import type { Cluster } from '../connection/cluster.js';
import { fetchDefinition, type AskedPartition } from './fetch-request.js';
import type { FetchResponse } from './fetch-response.js';
import type { PartitionState } from './partition-state.js';

/** A poll that brought nothing is not repeated before: whatever made it shorter than it was to be, may last. */
const leastEmptyPollMs = 10;

export interface AskedState extends AskedPartition {
  partition: PartitionState;
}

/** A fetch under way. */
export interface Poll {
  readonly node: number;
  readonly asked: readonly AskedState[];
  readonly maxBytes: number;
  readonly maxWaitMs: number;
}

/** A connection to a broker, on which one poll is under way at a time: their answers come in order. */
export class FetchLane {
  /** Time before which nothing is to be sent. */
  restsUntil = 0;
  private poll: Poll | undefined;
  private sentAt = 0;

  constructor(
    private readonly purpose: string,
    private readonly cluster: Cluster,
    private readonly settings: FetcherSettings,
  ) {}

  get isPolling(): boolean {
    return this.poll !== undefined;
  }

  isFree(now: number): boolean {
    return !this.isPolling && this.restsUntil <= now;
  }

  /** What is to come by the poll that is under way. */
  get expected(): PartitionState[] {
    const { poll } = this;
    return poll ? poll.asked.map(({ partition }) => partition).filter((state) => state.poll === poll) : [];
  }

  /** @throws when the broker does not answer */
  send(poll: Poll): Promise<FetchResponse> {
    this.poll = poll;
    this.sentAt = performance.now();
    for (const { partition } of poll.asked) partition.poll = poll;
    return this.request(poll);
  }

  /** The poll is over. One that brought nothing is not repeated at once. */
  end({ broughtNothing }: { broughtNothing: boolean }): void {
    for (const { partition } of this.poll?.asked ?? []) if (partition.poll === this.poll) partition.poll = undefined;
    this.poll = undefined;
    if (broughtNothing) this.restsUntil = this.sentAt + leastEmptyPollMs;
  }

  private request({ node, asked, maxBytes, maxWaitMs }: Poll): Promise<FetchResponse> {
    const { rackId, requestTimeoutMs, fetch } = this.settings;
    const request = { maxWaitMs, minBytes: fetch.minBytes, maxBytes, rackId, partitions: asked };
    const definition = fetchDefinition(request, maxWaitMs + requestTimeoutMs);
    return this.cluster.request<FetchResponse>(node, 'Fetch', request, definition, this.purpose);
  }
}
