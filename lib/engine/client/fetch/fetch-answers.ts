import { throwOnError } from '../connection/protocol-errors.js';
import type { AskedState, Poll } from './fetch-lane.js';
import type { FetchedPartition, FetchResponse } from './fetch-response.js';
import { FetchedChunk } from './fetched-chunk.js';
import type { HandOut } from './hand-out.js';
import type { PartitionErrors } from './partition-errors.js';
import type { PartitionState } from './partition-state.js';
import { scanBatches } from './record-batch.js';

/** Sorts the answers of brokers into the buffers of the partitions. */
export class FetchAnswers {
  /** @param redirected is told when a broker names a replica closer to our rack (KIP-392) */
  constructor(
    private readonly handOut: HandOut,
    private readonly errors: PartitionErrors,
    private readonly redirected: (state: PartitionState, node: number) => void,
  ) {}

  /**
   * @returns the partitions it brought something of
   * @throws when the broker refuses the whole poll
   */
  sort(poll: Poll, { errorCode, partitions }: FetchResponse): PartitionState[] {
    throwOnError(errorCode, 'Fetch');
    const refused = new Map<number, PartitionState[]>();
    const brought: PartitionState[] = [];
    const now = performance.now();
    partitions.forEach((fetched, at) => {
      const asked = findAsked(poll, fetched, at);
      if (!asked || !stillCounts(asked, poll)) return;
      asked.partition.answeredAt = now;
      if (fetched.errorCode !== 0) group(refused, fetched.errorCode, asked.partition);
      else if (this.take(asked, fetched, poll)) brought.push(asked.partition);
    });
    for (const [code, states] of refused) this.errors.refused(states, code);
    return brought;
  }

  /** @returns whether the partition is to be asked for again at once */
  private take(asked: AskedState, fetched: FetchedPartition, poll: Poll): boolean {
    const { partition: state, offset } = asked;
    const { bytes, lastStableOffset, preferredReadReplica } = fetched;
    const isRedirected = preferredReadReplica >= 0 && preferredReadReplica !== poll.node;
    const hadNoRoom = lastStableOffset > offset;
    if (isRedirected) this.redirected(state, preferredReadReplica);
    else if (bytes.length > 0) return this.store(asked, fetched, poll);
    else if (hadNoRoom) state.sawMore();
    else state.sawEnd();
    return false;
  }

  private store({ partition: state, offset, maxBytes }: AskedState, fetched: FetchedPartition, poll: Poll): boolean {
    const { length, next, cutOff, fault } = scanBatches(fetched.bytes);
    if (cutOff !== undefined) state.largestBatch = Math.max(state.largestBatch, cutOff);
    if (next !== undefined && next > offset) {
      state.store(new FetchedChunk(state, fetched.bytes.subarray(0, length), fetched.abortedTransactions), next);
      state.isStuck = fault !== undefined;
      this.handOut.add(state);
      return true;
    }
    const isAllThereIs = poll.asked[0]?.partition === state && maxBytes >= (cutOff ?? 0);
    if (!fault && !isAllThereIs) {
      state.cutOff = cutOff ?? 1;
      state.sawMore();
      return true;
    }
    const reason =
      fault?.message ?? `of a batch of ${cutOff ?? 'unknown'} bytes, the broker sent only ${fetched.bytes.length}`;
    if (state.chunks.length > 0) state.isStuck = true;
    else this.errors.undecodable(state, reason);
    return false;
  }
}

/** An answer counts only for a partition that still stands where it was asked for, with the broker that was asked. */
function stillCounts({ partition, offset }: AskedState, { node }: Poll): boolean {
  const { removed, isInDoubt, fetchOffset } = partition;
  return !removed && !isInDoubt && partition.node === node && fetchOffset === offset;
}

/** Brokers answer in the order of the request, but for partitions with an error. */
function findAsked({ asked }: Poll, fetched: FetchedPartition, at: number): AskedState | undefined {
  const isMeant = ({ partition: { topic, partition } }: AskedState): boolean =>
    partition === fetched.partition && topic === fetched.topic;
  const expected = asked[at];
  return expected && isMeant(expected) ? expected : asked.find(isMeant);
}

function group<K, T>(groups: Map<K, T[]>, key: K, item: T): void {
  const known = groups.get(key);
  if (known) known.push(item);
  else groups.set(key, [item]);
}
