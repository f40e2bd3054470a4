import { backoffDelay, type Backoff } from '../../recovery/backoff.js';
import { wait } from '../../wait.js';
import type { ProtocolError } from '../connection/kafkajs-internals.js';

/** A coordinator that still writes down the end of a transaction refuses to begin the next, for milliseconds. */
const backoff: Backoff = { initialDelayMs: 10, multiplier: 2, maxDelayMs: 500, jitter: 'none' };

/**
 * Tries again what fails, unless that is final.
 *
 * @param deadline when that is enough, by the clock of `performance`
 * @throws the last error
 */
export async function patiently<T>(deadline: number, attempt: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      const isFinal = (error as Partial<ProtocolError>).retriable === false;
      const delayMs = backoffDelay(failures, backoff);
      if (isFinal || performance.now() + delayMs >= deadline) throw error;
      await wait(delayMs, new AbortController().signal);
    }
  }
}
