import type { ConsumerClientListener } from '../consumer-client.js';
import type { FetchedChunk } from './fetched-chunk.js';
import type { FetchedRecord } from './fetched-record.js';
import type { PartitionErrors } from './partition-errors.js';
import type { PartitionState } from './partition-state.js';

/** How long records are handed out before sockets and timers get their turn. */
const sliceMs = 5;

/**
 * Hands out what was fetched, a batch of each partition in turn, in a macrotask of its own: the next fetch is on its way
 * by then. What the listener asks for in the middle of it counts from the next batch on.
 */
export class HandOut {
  private readonly queue = new Set<PartitionState>();
  private immediate: NodeJS.Immediate | undefined;
  private stopped = false;

  /** @param hasRoom is called when a partition has room for more */
  constructor(
    private readonly checkCrcs: boolean,
    private readonly listener: Pick<ConsumerClientListener, 'records'>,
    private readonly errors: PartitionErrors,
    private readonly hasRoom: (state: PartitionState) => void,
  ) {}

  /** A partition may have something to hand out. */
  add(state: PartitionState): void {
    if (this.stopped || !state.hasRecords) return;
    this.queue.add(state);
    this.immediate ??= setImmediate(() => this.takeTurn());
  }

  stop(): void {
    this.stopped = true;
    clearImmediate(this.immediate);
    this.queue.clear();
  }

  /** The loop goes on with what is added to the queue meanwhile. */
  private takeTurn(): void {
    const end = performance.now() + sliceMs;
    for (const state of this.queue) {
      this.queue.delete(state);
      if (state.hasRecords) this.handOut(state);
      if (state.hasRecords && !this.stopped) this.queue.add(state);
      if (performance.now() >= end) break;
    }
    this.immediate = this.queue.size > 0 ? setImmediate(() => this.takeTurn()) : undefined;
  }

  private handOut(state: PartitionState): void {
    const chunk = state.chunks[0]!;
    const records = this.decode(state, chunk);
    if (!records) return;
    const { epoch } = state;
    this.pass(state, records, Math.max(state.position, chunk.next));
    if (state.epoch !== epoch) return; // the listener made it go on elsewhere
    chunk.advance();
    if (!chunk.isEmpty) return;
    state.shift();
    this.hasRoom(state);
  }

  /** The records of the next batch, unless it has to be waited for. */
  private decode(state: PartitionState, chunk: FetchedChunk): readonly FetchedRecord[] | undefined {
    try {
      const records = chunk.records(state.position, this.checkCrcs);
      if (!records) void this.decompress(state, chunk);
      return records;
    } catch (error) {
      this.errors.undecodable(state, chunk.explain(error));
      return undefined;
    }
  }

  /** The listener may ask for the position, and change it. */
  private pass(state: PartitionState, records: readonly FetchedRecord[], next: number): void {
    if (next === state.position) return;
    state.position = next;
    this.listener.records(state, records, next);
  }

  /** Goes on with the same batch later; others are handed out meanwhile. */
  private async decompress(state: PartitionState, chunk: FetchedChunk): Promise<void> {
    const { epoch } = state;
    state.decompressing = true;
    const failure = await chunk.decompress().then(
      () => undefined,
      (error: unknown) => chunk.explain(error),
    );
    if (state.epoch !== epoch) return;
    state.decompressing = false;
    if (failure) this.errors.undecodable(state, failure);
    else this.add(state);
  }
}
