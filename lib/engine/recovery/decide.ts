import { isPromise } from '../at-once.js';
import { longestDelayMs } from '../wait.js';
import type { HandlerBinding } from '../handler-binding.js';
import { backoffDelay } from './backoff.js';

/** What happens to a message after a failed attempt. `exhausted`: attempts are used up or pointless. */
export type Decision =
  | { kind: 'retry'; delayMs: number; exhausted: boolean }
  | { kind: 'retry-topic'; delay: string; exhausted: false }
  | { kind: 'dead-letter'; exhausted: true }
  | { kind: 'skip'; exhausted: boolean }
  | { kind: 'stop'; exhausted: true };

type Policy = Pick<HandlerBinding, 'classify' | 'retry' | 'retryTopics' | 'deadLetter' | 'onExhausted'>;

/** How far a message is with a handler. */
export interface Progress {
  /** The attempt that failed, of those in this lane; 1 the first. */
  attempt: number;

  /** Retry topics it has come through. */
  step: number;
}

/** @param random a number in [0, 1), for the jitter */
export function decide(
  error: unknown,
  { attempt, step }: Progress,
  policy: Policy,
  random: () => number = Math.random,
): Decision {
  const failure = policy.classify(error);
  if (failure === 'skip') return { kind: 'skip', exhausted: false };
  if (failure === 'retry') {
    if (step === 0 && attempt < policy.retry.maxAttempts) {
      return { kind: 'retry', delayMs: delayBefore(attempt, error, policy, random), exhausted: false };
    }
    const next = policy.retryTopics[step];
    if (next) return { kind: 'retry-topic', delay: next, exhausted: false };
  }
  if (policy.deadLetter) return { kind: 'dead-letter', exhausted: true };
  const { onExhausted } = policy;
  if (onExhausted === 'skip' || onExhausted === 'stop') return { kind: onExhausted, exhausted: true };
  return { kind: 'retry', delayMs: policy.retry.maxDelayMs, exhausted: true };
}

/** The user's own delay, if it is one. */
function delayBefore(attempt: number, error: unknown, { retry }: Policy, random: () => number): number {
  try {
    const own = retry.delay?.(attempt, error) ?? NaN;
    if (!isPromise(own) && own >= 0) return Math.min(own, longestDelayMs);
  } catch {
    // then as if it had not been given
  }
  return backoffDelay(attempt, retry, random);
}
