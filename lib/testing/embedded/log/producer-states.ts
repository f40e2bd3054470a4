import { Refusal } from '../protocol/errors.js';
import { type RecordBatch } from './record-batch.js';

/** As many batches as a producer may have in flight, and a broker must therefore recognise (KIP-98). */
const REMEMBERED = 5;

interface Appended {
  baseSequence: number;
  lastSequence: number;
  baseOffset: number;
}

interface ProducerState {
  epoch: number;
  appended: Appended[];
}

/** What a partition knows of the idempotent producers that wrote to it: enough to drop repeats and to see gaps. */
export class ProducerStates {
  private readonly states = new Map<number, ProducerState>();

  /**
   * Offset at which a batch was appended before, or undefined for a new one.
   *
   * @throws Refusal `INVALID_PRODUCER_EPOCH` when a newer producer has taken over, `OUT_OF_ORDER_SEQUENCE_NUMBER` when
   *   a batch in between is missing or the batch is an old one that is no longer remembered
   */
  duplicateOf(batch: RecordBatch): number | undefined {
    const state = this.states.get(batch.producerId);
    if (!state) return undefined;
    this.checkEpoch(state, batch.producerEpoch);
    if (batch.producerEpoch > state.epoch) return this.expectSequence(batch, 0);
    const same = state.appended.find((one) => isSame(one, batch));
    if (same) return same.baseOffset;
    const last = state.appended.at(-1);
    return last && this.expectSequence(batch, (last.lastSequence + 1) % 0x80000000);
  }

  /** Remembers a batch that was appended. */
  record(batch: RecordBatch, baseOffset: number): void {
    const known = this.states.get(batch.producerId);
    const state = known?.epoch === batch.producerEpoch ? known : { epoch: batch.producerEpoch, appended: [] };
    const { baseSequence, lastSequence } = batch;
    state.appended = [...state.appended, { baseSequence, lastSequence, baseOffset }].slice(-REMEMBERED);
    this.states.set(batch.producerId, state);
  }

  /** Fences every epoch below: what the marker of a transaction does. */
  fence(producerId: number, epoch: number): void {
    const state = this.states.get(producerId);
    if (!state) this.states.set(producerId, { epoch, appended: [] });
    else if (state.epoch < epoch) this.states.set(producerId, { epoch, appended: [] });
  }

  private checkEpoch(state: ProducerState, epoch: number): void {
    if (epoch >= state.epoch) return;
    throw new Refusal('INVALID_PRODUCER_EPOCH', `expected producer epoch ${state.epoch}, got ${epoch}`);
  }

  private expectSequence(batch: RecordBatch, expected: number): undefined {
    if (batch.baseSequence === expected) return undefined;
    const { producerId, baseSequence } = batch;
    throw new Refusal(
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
      `expected sequence ${expected} of producer ${producerId}, got ${baseSequence}`,
    );
  }
}

function isSame(one: Appended, batch: RecordBatch): boolean {
  return one.baseSequence === batch.baseSequence && one.lastSequence === batch.lastSequence;
}
