import type { FetcherSettings } from '../client-settings.js';
import type { Cluster } from '../connection/cluster.js';
import type { FetchBuffer } from './fetch-buffer.js';
import { FetchLane, type AskedState, type Poll } from './fetch-lane.js';
import type { FetchResponse } from './fetch-response.js';
import type { PartitionState } from './partition-state.js';
import { planPolls, type LanePlan } from './poll-plan.js';

/** A partition is asked for no less than this at a time because of others, or there would be too many requests. */
const leastShareBytes = 65_536;

/** How long a broker is left alone that did not answer. */
const failureDelayMs = 500;

export interface PollListener {
  /** @returns which partitions it brought something of */
  answered(poll: Poll, response: FetchResponse): readonly PartitionState[];

  /** @param error `undefined` for one that was told already */
  failed(poll: Poll, error: Error | undefined): void;
}

/** Polls one broker for its partitions, in two lanes. @see planPolls */
export class BrokerPolls {
  /** In the order in which they are asked for: whose turn it was goes to the end. */
  private readonly states = new Set<PartitionState>();
  private readonly main: FetchLane;
  private readonly express: FetchLane;
  private restsUntil = 0;
  private isAwake = false;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly node: number,
    cluster: Cluster,
    private readonly settings: FetcherSettings,
    private readonly buffer: FetchBuffer,
    private readonly listener: PollListener,
  ) {
    this.main = new FetchLane('data', cluster, settings);
    this.express = new FetchLane('express', cluster, settings);
  }

  add(state: PartitionState): void {
    this.states.add(state);
    this.wake();
  }

  /** What is under way for it does not count any more. */
  delete(state: PartitionState): void {
    if (this.states.delete(state)) state.poll = undefined;
  }

  /** Asks for what is wanted, once whoever calls has said all he has to say. */
  wake(): void {
    if (this.isAwake) return;
    this.isAwake = true;
    queueMicrotask(() => {
      this.isAwake = false;
      if (!this.stopped) this.pollWanted();
    });
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private pollWanted(): void {
    const now = performance.now();
    const wanted = [...this.states].filter((state) => state.isWanted(now));
    if (this.restsUntil <= now) this.sendOut(wanted, now);
    this.wakeAgain(now);
  }

  private sendOut(wanted: readonly PartitionState[], now: number): void {
    const expected = this.express.expected.filter((state) => state.isOpen);
    const plan = planPolls(wanted, expected, !this.main.isPolling, this.settings.fetch, now);
    if (this.main.isFree(now)) this.send(this.main, plan.main);
    if (this.express.isFree(now)) this.send(this.express, plan.express);
  }

  /** At the time that somebody waits for now: a partition, or what is wanted and was not sent out. */
  private wakeAgain(now: number): void {
    clearTimeout(this.timer);
    const rests = [this.restsUntil, this.main.restsUntil, this.express.restsUntil].filter((until) => until > now);
    let next = Infinity;
    for (const { poll, isOpen, blockedUntil } of this.states) {
      if (!poll && isOpen) next = Math.min(next, ...(blockedUntil > now ? [blockedUntil] : rests));
    }
    if (next < Infinity) this.timer = setTimeout(() => this.wake(), Math.ceil(next - now));
  }

  private send(lane: FetchLane, { states, maxWaitMs }: LanePlan): void {
    if (states.length === 0) return;
    const asked = this.toAsk(states);
    const maxBytes = this.reserve(asked);
    if (maxBytes > 0) void this.poll(lane, { node: this.node, asked, maxBytes, maxWaitMs });
  }

  /** Settles in any case. */
  private async poll(lane: FetchLane, poll: Poll): Promise<void> {
    try {
      const response = await lane.send(poll);
      if (this.stopped) return;
      const brought = this.listener.answered(poll, response);
      lane.end({ broughtNothing: brought.length === 0 });
      brought.forEach((state) => this.moveToEnd(state));
    } catch (error) {
      if (this.stopped) return;
      lane.end({ broughtNothing: true });
      this.fail(poll, error as Error);
    }
    this.buffer.release(poll.maxBytes);
    this.wake();
  }

  /** What did not fit into an answer comes first in the next: the first partition of an answer may be as large as it is. */
  private toAsk(states: readonly PartitionState[]): AskedState[] {
    const share = Math.max(this.buffer.room / (2 * states.length), leastShareBytes);
    const chunkBytes = Math.min(this.settings.fetch.maxBytesPerPartition, Math.floor(share));
    const cutOff = states.filter((state) => state.cutOff > 0);
    const ordered = cutOff.length > 0 ? [...new Set([...cutOff, ...states])] : states;
    return ordered.map((partition) => {
      const { fetchOffset: offset, largestBatch } = partition;
      return { partition, offset, maxBytes: Math.max(chunkBytes, largestBatch) };
    });
  }

  /** @returns the bytes that a poll may bring; 0 when there is no room for them */
  private reserve(asked: readonly AskedState[]): number {
    const { buffer, settings } = this;
    const all = asked.reduce((bytes, { maxBytes }) => bytes + maxBytes, 0);
    const holdsNothing = (): boolean => [...this.states].every(({ chunks }) => chunks.length === 0);
    const reserved = buffer.reserve(Math.min(all, settings.fetch.maxBytes, buffer.largestPoll), holdsNothing);
    if (reserved === 0) return 0;
    const oversized = Math.max(reserved, ...asked.map(({ partition }) => partition.cutOff));
    buffer.take(oversized - reserved);
    return oversized;
  }

  /** Both lanes may fail for one reason: it is told once. */
  private fail(poll: Poll, error: Error): void {
    const isNews = this.restsUntil <= performance.now();
    if (isNews) this.restsUntil = performance.now() + failureDelayMs;
    this.listener.failed(poll, isNews ? error : undefined);
  }

  private moveToEnd(state: PartitionState): void {
    if (this.states.delete(state)) this.states.add(state);
  }
}
