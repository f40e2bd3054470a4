import type { HandlerBinding } from '../handler-binding.js';
import { backoffDelay } from './backoff.js';
import { classify } from './classify.js';

/** What happens to a message after a failed attempt. */
export type Decision =
  | { kind: 'retry'; delayMs: number; exhausted: boolean }
  | { kind: 'skip'; exhausted: boolean }
  | { kind: 'stop'; exhausted: true };

type Policy = Pick<HandlerBinding, 'retry' | 'onExhausted'>;

/**
 * @param attempt the attempt that failed, 1 the first
 * @param random a number in [0, 1), for the jitter
 */
export function decide(error: unknown, attempt: number, policy: Policy, random: () => number = Math.random): Decision {
  const failure = classify(error);
  if (failure === 'skip') return { kind: 'skip', exhausted: false };
  if (failure === 'retry' && attempt < policy.retry.maxAttempts) {
    return { kind: 'retry', delayMs: backoffDelay(attempt, policy.retry, random), exhausted: false };
  }
  const { onExhausted } = policy;
  if (onExhausted === 'skip' || onExhausted === 'stop') return { kind: onExhausted, exhausted: true };
  return { kind: 'retry', delayMs: policy.retry.maxDelayMs, exhausted: true };
}
