import { placeFields } from '../../log-fields.js';
import type { EngineLogger } from '../../logger.js';
import type { Cluster } from '../connection/cluster.js';
import { partitionName, type PartitionPosition, type TopicPartition } from '../consumer-client.js';
import { listOffsets } from '../positions/log-offsets.js';
import type { PartitionState } from './partition-state.js';
import type { RepeatedLog } from '../repeated-log.js';

const retryDelayMs = 500;

export interface ResetListener {
  /** It may be asked for again. */
  changed(state: PartitionState): void;
  repositioned(position: PartitionPosition): void;
}

/** Finds a new position for partitions whose log does not reach to where they were read. */
export class PositionReset {
  constructor(
    private readonly cluster: Cluster,
    private readonly listener: ResetListener,
    private readonly logger: EngineLogger,
    private readonly repeated: RepeatedLog,
  ) {}

  /** They wait until it is clear where they go on. */
  async reset(states: readonly PartitionState[]): Promise<void> {
    const epochs = new Map(states.map((state) => [state, state.epoch]));
    for (const state of states) state.blockedUntil = Infinity;
    const ends = await this.listEnds(states);
    for (const state of states) {
      if (state.epoch !== epochs.get(state)) continue; // removed, or read from elsewhere by now
      const first = ends.first.get(state.name);
      const last = ends.last.get(state.name);
      state.blockedUntil = performance.now() + retryDelayMs;
      if (first !== undefined && last !== undefined) this.decide(state, first, last);
      this.listener.changed(state);
    }
  }

  private async listEnds(states: readonly TopicPartition[]): Promise<{ first: Offsets; last: Offsets }> {
    try {
      const first = byName(await listOffsets(this.cluster, states, 'beginning'));
      return { first, last: byName(await listOffsets(this.cluster, states, 'end')) };
    } catch (error) {
      const names = states.map(partitionName).join(', ');
      this.repeated.warn(`Looking up the log of ${names} failed, trying again: ${(error as Error).message}`);
      return { first: new Map(), last: new Map() };
    }
  }

  /** Never to the end: what is retained is read, at worst once more. */
  private decide(state: PartitionState, first: number, last: number): void {
    if (state.position >= first && state.position <= last) return; // a replica that is behind
    const { topic, partition, position: offset } = state;
    const fields = { event: 'position-reset', ...placeFields({ topic, partition, offset }) } as const;
    const place = `${state.name} has no offset ${state.position}`;
    if (state.position < first) {
      this.logger.warn(`${place} any more (retention); going on at its beginning, ${first}`, fields);
    } else {
      this.logger.error(
        `${place} (topic truncated or recreated?); going on at its beginning, ${first}`,
        undefined,
        fields,
      );
    }
    state.seek(first);
    this.listener.repositioned({ topic: state.topic, partition: state.partition, offset: first });
  }
}

type Offsets = ReadonlyMap<string, number>;

function byName(positions: readonly PartitionPosition[]): Offsets {
  return new Map(positions.map((position) => [partitionName(position), position.offset]));
}
