import { errorFields } from '../../log-fields.js';
import type { EngineLogger, LogFields } from '../../logger.js';
import type { FetcherSettings } from '../client-settings.js';
import type { Cluster } from '../connection/cluster.js';
import {
  partitionName,
  type ConsumerClientListener,
  type PartitionPosition,
  type TopicPartition,
} from '../consumer-client.js';
import { BrokerPolls } from './broker-polls.js';
import { FetchAnswers } from './fetch-answers.js';
import { FetchBuffer } from './fetch-buffer.js';
import type { Poll } from './fetch-lane.js';
import type { FetchResponse } from './fetch-response.js';
import { HandOut } from './hand-out.js';
import { Leaders } from './leaders.js';
import { PartitionErrors } from './partition-errors.js';
import { PartitionState } from './partition-state.js';
import { RepeatedLog } from '../repeated-log.js';

/** How long a leader's word counts that another replica is closer: as long as metadata in Kafka's own consumer. */
const followerMs = 5 * 60_000;

export interface FetchedRecordsListener extends Pick<ConsumerClientListener, 'records' | 'repositioned'> {
  /** A broker does not know a topic (any more), told with every attempt to read it. Settles once it is no more in doubt. */
  missing(topic: string): Promise<void>;

  /** Whether a topic may be another one by now, under the same name: nobody is asked for it. */
  isDoubtful(topic: string): boolean;
}

/** Reads partitions, each from its position on: polled from its broker into a buffer, handed out from there. */
export class Fetcher {
  private readonly states = new Map<string, PartitionState>();
  private readonly brokers = new Map<number, BrokerPolls>();
  private readonly repeated: RepeatedLog;
  private readonly buffer: FetchBuffer;
  private readonly leaders: Leaders;
  private readonly errors: PartitionErrors;
  private readonly handOut: HandOut;
  private readonly answers: FetchAnswers;
  private stopped = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly settings: FetcherSettings,
    private readonly listener: FetchedRecordsListener,
    logger: EngineLogger,
  ) {
    const { maxBufferedBytes, checkCrcs } = settings.fetch;
    const mending = {
      lost: (states: readonly PartitionState[]) => this.locate(states),
      changed: (state: PartitionState) => this.place(state),
      repositioned: (position: PartitionPosition) => listener.repositioned(position),
      missing: (topic: string) => void this.doubt(topic),
    };
    this.repeated = new RepeatedLog(logger);
    this.buffer = new FetchBuffer(maxBufferedBytes, this.states, this.brokers, () => this.wakeAll());
    const located = (state: PartitionState, leader: number): void => this.located(state, leader);
    this.leaders = new Leaders(cluster, this.states, located, mending.missing, this.repeated);
    this.errors = new PartitionErrors(cluster, mending, logger, this.repeated);
    this.handOut = new HandOut(checkCrcs, listener, this.errors, (state) => this.wake(state));
    this.answers = new FetchAnswers(this.handOut, this.errors, (state, node) => this.redirect(state, node));
  }

  /** Reads these partitions, too. Who leads them is found out in the background, for as long as it takes. */
  add(positions: readonly PartitionPosition[]): void {
    if (this.stopped) return;
    this.remove(positions);
    const isDoubtful = (topic: string): boolean => this.listener.isDoubtful(topic);
    for (const position of positions) {
      this.states.set(partitionName(position), new PartitionState(position, this.buffer, isDoubtful));
    }
    this.leaders.look();
  }

  /** From now on nothing of these partitions is handed out. */
  remove(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const state = this.find(partition);
      if (state) this.drop(state);
    }
  }

  /** Hands out nothing of a partition until {@link resume}. What was fetched of it is kept as long as there is room. */
  pause(partition: TopicPartition): void {
    const state = this.find(partition);
    if (!state) return;
    state.paused = true;
    this.buffer.paused();
  }

  resume(partition: TopicPartition): void {
    const state = this.find(partition);
    if (!state?.paused) return;
    state.paused = false;
    if (state.chunks.length === 0) state.refresh();
    this.handOut.add(state);
    this.wake(state);
  }

  /** Goes on reading a partition elsewhere; whether it is paused stays as it is. */
  seek(position: PartitionPosition): void {
    const state = this.find(position);
    if (!state) return;
    state.seek(position.offset);
    this.wake(state);
  }

  /** The offset behind the last record that was handed out. */
  position(partition: TopicPartition): number | undefined {
    return this.find(partition)?.position;
  }

  /** Milliseconds since a broker last answered a fetch of it, or it was added; 0 for a partition that is not read. */
  unansweredMs(partition: TopicPartition): number {
    const state = this.find(partition);
    return state ? performance.now() - state.answeredAt : 0;
  }

  /** For good. The connections are their owner's to close. */
  stop(): void {
    this.stopped = true;
    this.handOut.stop();
    this.leaders.stop();
    this.buffer.stop();
    for (const broker of this.brokers.values()) broker.stop();
    for (const state of this.states.values()) this.drop(state);
  }

  private find(partition: TopicPartition): PartitionState | undefined {
    return this.states.get(partitionName(partition));
  }

  private drop(state: PartitionState): void {
    state.remove();
    this.states.delete(state.name);
    this.brokers.get(state.node)?.delete(state);
  }

  private locate(states: readonly PartitionState[]): void {
    for (const state of states) state.isLost = true;
    this.leaders.look();
  }

  private async doubt(topic: string): Promise<void> {
    await this.listener.missing(topic);
    this.wakeAll();
  }

  private located(state: PartitionState, leader: number): void {
    if (leader !== state.leader) state.blockedUntil = 0; // whatever was wrong with it, was so elsewhere
    state.leader = leader;
    state.isLost = false;
    this.place(state);
  }

  private redirect(state: PartitionState, node: number): void {
    state.follower = { node, until: performance.now() + followerMs };
    this.place(state);
  }

  /** The leader is asked again now and then: another replica may be closer by now. */
  private endRedirection(state: PartitionState): void {
    if (!state.follower || state.follower.until > performance.now()) return;
    state.follower = undefined;
    this.place(state);
  }

  /** Has a partition asked of the broker that its state names. */
  private place(state: PartitionState): void {
    if (state.removed) return;
    for (const [node, broker] of this.brokers) if (node !== state.node) broker.delete(state);
    if (state.node >= 0) this.broker(state.node).add(state);
  }

  private broker(node: number): BrokerPolls {
    const known = this.brokers.get(node);
    if (known) return known;
    const listener = {
      answered: (poll: Poll, response: FetchResponse) => this.answered(poll, response),
      failed: (poll: Poll, error: Error | undefined) => this.failed(poll, error),
    };
    const broker = new BrokerPolls(node, this.cluster, this.settings, this.buffer, listener);
    this.brokers.set(node, broker);
    return broker;
  }

  private answered(poll: Poll, response: FetchResponse): PartitionState[] {
    const brought = this.answers.sort(poll, response);
    for (const { partition } of poll.asked) this.endRedirection(partition);
    return brought;
  }

  private failed({ node, asked }: Poll, error: Error | undefined): void {
    if (error)
      this.repeated.warn(
        `Fetching from broker ${node} failed, trying again: ${error.message}`,
        fetchFailure(node, error),
      );
    const states = asked.map(({ partition }) => partition);
    this.errors.unanswered(states.filter((state) => !state.removed && state.node === node));
  }

  private wakeAll(): void {
    for (const broker of this.brokers.values()) broker.wake();
  }

  private wake(state: PartitionState): void {
    this.brokers.get(state.node)?.wake();
  }
}

function fetchFailure(node: number, error: Error): LogFields {
  return { event: 'fetch-failed', broker: String(node), ...errorFields(error) };
}
