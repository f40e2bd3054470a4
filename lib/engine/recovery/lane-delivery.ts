import type { OutputRecord } from '../transactions/outputs.js';

/**
 * What is to become of a record after an attempt: it is done with (`moved`: to a retry topic or a dead-letter topic), to be
 * tried again after a delay, or stays uncommitted, because the partition is given up (`abandoned`) or a policy asks for the
 * end of the consumer (`stopped`).
 */
export type Verdict = Outcome | 'abandoned' | 'stopped' | { readonly retryInMs: number };

/** How a record is completed. */
export type Outcome = 'handled' | 'skipped' | 'moved';

/** What is under way in a lane. */
export interface LaneDelivery {
  /** Records from the lane's first on. */
  readonly size: number;

  /** What is to be stored with the position, if there is something. */
  readonly outputs: readonly OutputRecord[] | undefined;

  /** Goes on with what is not done with. */
  attempt(): Verdict | Promise<Verdict>;
}
