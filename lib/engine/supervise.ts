import { describeThrown } from './describe-thrown.js';
import { errorFields } from './log-fields.js';
import type { EngineLogger, LogFields } from './logger.js';
import { backoffDelay, type Backoff } from './recovery/backoff.js';
import { wait } from './wait.js';

const backoff: Backoff = { initialDelayMs: 500, multiplier: 2, maxDelayMs: 30_000, jitter: 'none' };
const healthyAfterMs = 60_000;

/** Runs something that should never end until told to stop: whatever ends it is logged, and it is started again. */
export async function supervise(
  what: string,
  run: () => Promise<void>,
  stopped: AbortSignal,
  logger: EngineLogger,
): Promise<void> {
  let failures = 0;
  while (!stopped.aborted) {
    const startedAt = Date.now();
    let fields: LogFields = {};
    const reason = await run().then(
      () => 'without an error',
      (thrown: unknown) => {
        fields = errorFields(thrown);
        return describeEnd(thrown);
      },
    );
    if (stopped.aborted) return;
    failures = Date.now() - startedAt > healthyAfterMs ? 1 : failures + 1;
    const delay = backoffDelay(failures, backoff);
    const ended = { event: 'consumer-ended', consequence: 'restart', delayMs: delay, ...fields } as const;
    logger.error(`${what} ended, starting it again in ${delay} ms: ${reason}`, undefined, ended);
    await wait(delay, stopped);
  }
}

function describeEnd(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : describeThrown(thrown).text;
}
