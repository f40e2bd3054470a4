import { setTimeout as delay } from 'node:timers/promises';

/** Polls `condition` until it holds; `false` when it still does not after `timeoutMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  intervalMs = 50,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() >= deadline) return false;
    await delay(intervalMs);
  }
  return true;
}
