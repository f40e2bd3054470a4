/** How the delay before an attempt grows. */
export interface Backoff {
  initialDelayMs: number;
  multiplier: number;
  maxDelayMs: number;
  jitter: 'full' | 'none';
}

/**
 * Milliseconds to wait after a failed attempt (1 is the first). Full jitter draws from 0 to the delay, so that consumers
 * that failed together do not retry together.
 *
 * @param random a number in [0, 1)
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffDelay(attempt: number, backoff: Backoff, random: () => number = Math.random): number {
  const { initialDelayMs, multiplier, maxDelayMs, jitter } = backoff;
  const growth = Math.min(multiplier ** (attempt - 1), Number.MAX_VALUE); // 0 × Infinity would be NaN
  const delay = Math.min(maxDelayMs, initialDelayMs * growth);
  return jitter === 'full' ? random() * delay : delay;
}
