import type { ConsumerClient } from '../client/consumer-client.js';
import {
  isMember,
  ofClient,
  ofPartitions,
  partitionStatus,
  type GroupConsumerStatus,
  type PartitionStatus,
} from '../consumer-status.js';
import type { RecordFlow } from '../record-flow.js';
import { ClientHistory } from './client-history.js';
import { stateOf, type ConsumerEnd, type ConsumerFacts, type StateAndReason } from './consumer-state.js';
import { MembershipTimes } from './membership-times.js';
import { Progress } from './progress.js';

export interface ConditionSettings {
  group: string;
  autoStart: boolean;

  /** How long fetches of a partition that has records may go unanswered, in milliseconds. */
  silenceLimitMs: number;
}

/** What is known of a consumer by itself. */
export interface ConditionDuties {
  client(): ConsumerClient | undefined;
  phase(): ConsumerFacts['phase'];

  /** Whether it was told what it is assigned, and has not lost everything since. */
  isAssigned(): boolean;

  /** Records are there to be fetched, and nothing of the client fetches them. */
  wedged(reason: string): void;
}

/** How a consumer is, as it is told to the application: what it is at and why, and whether its partitions go on. */
export class Condition {
  /** How often partitions came or went. */
  rebalances = 0;

  /** What has ended it, other than the application. */
  end: ConsumerEnd | undefined;

  /** Of its clients. */
  readonly history = new ClientHistory();
  private readonly times = new MembershipTimes();
  private readonly progress: Progress;

  constructor(
    private readonly settings: ConditionSettings,
    private readonly flow: RecordFlow,
    private readonly duties: ConditionDuties,
  ) {
    const watched = {
      partitions: () => flow.all,
      client: () => duties.client(),
      wedged: (reason: string) => duties.wedged(reason),
    };
    this.progress = new Progress(watched, settings.silenceLimitMs);
  }

  started(): void {
    this.end = undefined;
    this.times.started();
  }

  stopped(): void {
    this.times.stopped();
  }

  /** To be called every second or so. */
  look(): void {
    this.noteState();
    this.progress.look();
  }

  partitions(): PartitionStatus[] {
    const { group } = this.settings;
    return this.flow.all.map((partition) => {
      const stalledMs = this.progress.stalledMs(partition);
      return partitionStatus(partition, { group, stalledMs, commitTrouble: this.flow.commitRecord.trouble(partition) });
    });
  }

  status(): GroupConsumerStatus {
    const state = this.noteState();
    const phase = this.duties.phase();
    const { commits, commitFailures } = this.flow.commitRecord;
    return {
      group: this.settings.group,
      running: phase === 'running',
      ...state,
      joined: isMember(state) || (phase === 'stopping' && this.duties.isAssigned()),
      joinedSince: this.times.joinedSince,
      outsideMs: this.times.outsideMs(),
      rebalances: this.rebalances,
      restarts: this.history.restarts,
      failures: this.history.failures(),
      inFlight: this.flow.running,
      metadataFill: Math.max(0, ...this.flow.all.map(({ metadataFill }) => metadataFill)),
      ...ofPartitions(this.partitions()),
      ...ofClient(this.duties.client(), this.flow.commitRecord),
      commits,
      commitFailures,
      ...this.flow.counts,
    };
  }

  private noteState(): StateAndReason {
    const phase = this.duties.phase();
    const state = stateOf({
      autoStart: this.settings.autoStart,
      phase,
      end: this.end,
      isAssigned: this.duties.isAssigned(),
      partitions: this.flow.all.length,
      client: this.duties.client()?.status(),
      failures: this.history.failures(),
    });
    if (phase === 'running') this.times.note(isMember(state));
    return state;
  }
}
