import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** @default 20000 */
  timeoutMs?: number;

  /** @default 50 */
  intervalMs?: number;

  /** What is waited for; a function is called at the deadline, so that it can tell the last state. */
  message?: string | (() => string);
}

/**
 * Polls `condition` until it holds: it returns `true` or nothing. While it returns `false` or throws (an assertion, say)
 * it is tried again.
 *
 * @throws Error at the deadline, with the message and with the last error as cause
 */
export async function eventually(
  condition: () => boolean | void | Promise<boolean | void>,
  options: EventuallyOptions = {},
): Promise<void> {
  const { timeoutMs = 20_000, intervalMs = 50, message = 'the condition' } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const attempt = await tryOnce(condition);
    if (attempt.held) return;
    if (Date.now() >= deadline) throw tooLate(timeoutMs, message, attempt.error);
    await delay(intervalMs);
  }
}

async function tryOnce(condition: () => unknown): Promise<{ held: boolean; error?: unknown }> {
  try {
    return { held: (await condition()) !== false };
  } catch (error) {
    return { held: false, error };
  }
}

function tooLate(timeoutMs: number, message: string | (() => string), error: unknown): Error {
  const what = typeof message === 'function' ? message() : message;
  const last = error instanceof Error ? `; last: ${error.message}` : '';
  return new Error(`Not within ${timeoutMs} ms: ${what}${last}`, { cause: error });
}
