import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats an attempt until it passes, and gives its result; its last error when it does not within 20 s. */
export async function eventually<T>(attempt: () => T | Promise<T>, timeoutMs = 20_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(20);
    }
  }
}
