import { errorFields, placeFields, placesField } from '../../log-fields.js';
import type { EngineLogger } from '../../logger.js';
import type { Cluster } from '../connection/cluster.js';
import { describe, ErrorCode } from '../connection/protocol-errors.js';
import type { PartitionPosition } from '../consumer-client.js';
import type { PartitionState } from './partition-state.js';
import { PositionReset } from './position-reset.js';
import type { RepeatedLog } from '../repeated-log.js';

const retryDelayMs = 500;
const undecodableDelayMs = 5_000;

/** What comes of errors. */
export interface MendingListener {
  /** Their leaders are to be looked up. */
  lost(states: readonly PartitionState[]): void;

  /** When to ask for it again, or whom, is another matter now. */
  changed(state: PartitionState): void;
  repositioned(position: PartitionPosition): void;
  missing(topic: string): void;
}

/** Does what can be done about the errors of partitions. The one that has an error waits; others do not. */
export class PartitionErrors {
  private readonly positions: PositionReset;

  constructor(
    cluster: Cluster,
    private readonly listener: MendingListener,
    private readonly logger: EngineLogger,
    private readonly repeated: RepeatedLog,
  ) {
    this.positions = new PositionReset(cluster, listener, logger, repeated);
  }

  /** The broker refuses these partitions, for the same reason. Only the word of a leader counts, but about a topic. */
  refused(states: readonly PartitionState[], errorCode: number): void {
    if (errorCode === ErrorCode.UnknownTopicOrPartition) {
      for (const topic of new Set(states.map(({ topic }) => topic))) this.listener.missing(topic);
    }
    const concerned = states.filter((state) => !state.paused && !this.returnsToLeader(state));
    if (concerned.length === 0) return;
    for (const state of concerned) block(state, retryDelayMs);
    if (errorCode === ErrorCode.OffsetOutOfRange) return this.outOfRange(concerned);
    const names = concerned.map(({ name }) => name).join(', ');
    const error = describe(errorCode, `Fetching ${names} failed, trying again`);
    this.repeated.warn(error.message, { event: 'fetch-failed', ...placesField(concerned), ...errorFields(error) });
    this.listener.lost(concerned);
  }

  /** The broker did not answer. */
  unanswered(states: readonly PartitionState[]): void {
    this.listener.lost(states.filter((state) => !this.returnsToLeader(state)));
  }

  /** What a partition goes on with cannot be decoded. */
  undecodable(state: PartitionState, reason: string): void {
    const at = { topic: state.topic, partition: state.partition, offset: state.position };
    this.repeated.error(
      `Records of ${state.name} from offset ${state.position} cannot be decoded; the partition waits and is tried ` +
        `again, others go on: ${reason}`,
      undefined,
      { event: 'undecodable', ...placeFields(at), error: reason },
    );
    state.restart();
    block(state, undecodableDelayMs);
    this.listener.changed(state);
  }

  /** A replica that serves us no more, or is behind. */
  private returnsToLeader(state: PartitionState): boolean {
    if (!state.follower) return false;
    state.follower = undefined;
    block(state, retryDelayMs);
    this.listener.changed(state);
    return true;
  }

  /** What was fetched before is handed out first: the position is told of when it is reached. */
  private outOfRange(states: readonly PartitionState[]): void {
    const reached = states.filter(({ chunks }) => chunks.length === 0);
    for (const state of states) state.isStuck = !reached.includes(state);
    if (reached.length === 0) return;
    this.positions.reset(reached).catch((error: Error) => {
      this.logger.error(`Moving partitions to the beginning failed: ${error.message}`, error.stack);
    });
  }
}

function block(state: PartitionState, ms: number): void {
  state.blockedUntil = performance.now() + ms;
}
