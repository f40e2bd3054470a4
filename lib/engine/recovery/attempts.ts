import type { HandlerContext } from '../../messaging/handler-context.js';
import type { Message } from '../../messaging/message.js';
import { describeThrown } from '../describe-thrown.js';
import type { HandlerBinding } from '../handler-binding.js';
import type { EngineLogger } from '../logger.js';
import { classify } from './classify.js';
import { decide, type Decision } from './decide.js';

/** What became of a message at one handler; an abandoned one stays uncommitted and is delivered again, elsewhere or later. */
export type Outcome = 'handled' | 'skipped' | 'abandoned' | 'stopped';

/** What bounds the attempts at the messages of a lane. */
export interface LaneSignals {
  /** The partition is lost, or the grace of a drain is over. Handlers get it as `HandlerContext.signal`. */
  readonly aborted: AbortSignal;

  /** The partition is to be given up: nothing new starts, and waits between attempts are cut short. */
  readonly draining: AbortSignal;
}

export interface AttemptsContext {
  readonly group: string;
  readonly logger: EngineLogger;

  /** Told of each failed attempt and what follows from it. */
  readonly onFailure: (error: unknown, decision: Decision) => void;

  /** Resolves after so many milliseconds, or as soon as the signal is aborted. */
  readonly waitForRetry: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Calls a handler until it succeeds, its policy gives up, or the lane is drained. */
export async function handleWithAttempts(
  binding: HandlerBinding,
  message: Message,
  signals: LaneSignals,
  { group, logger, onFailure, waitForRetry }: AttemptsContext,
): Promise<Outcome> {
  for (let attempt = 1; !signals.draining.aborted; attempt++) {
    const context: HandlerContext = { signal: signals.aborted, attempt, group, handler: binding.name };
    try {
      await binding.handle(message, context);
      return 'handled';
    } catch (error) {
      if (signals.aborted.aborted && classify(error) !== 'skip') return 'abandoned'; // the abort's doing, not the record's
      const decision = decide(error, attempt, binding);
      onFailure(error, decision);
      report(logger, decision, binding, message, attempt, error);
      if (decision.kind === 'skip') return 'skipped';
      if (decision.kind === 'stop') return 'stopped';
      await waitForRetry(decision.delayMs, signals.draining);
    }
  }
  return 'abandoned';
}

/** The first failure and the end of the attempts come with the stack, those between in a line. */
function report(
  logger: EngineLogger,
  decision: Decision,
  { name }: HandlerBinding,
  { topic, partition, offset }: Message,
  attempt: number,
  error: unknown,
): void {
  const place = `${name} failed on ${topic}-${partition}@${offset}, attempt ${attempt}`;
  const { text: cause, stack } = describeThrown(error);
  const text = `${place}; ${consequence(decision)}: ${cause}`;
  if (attempt === 1 || decision.exhausted) logger.error(text, stack);
  else logger.warn(text);
}

function consequence(decision: Decision): string {
  if (decision.kind === 'stop') return 'stopping the consumer, the record stays uncommitted (onExhausted: stop)';
  if (decision.kind === 'skip')
    return decision.exhausted ? 'skipping the record (onExhausted: skip)' : 'skipping the record';
  const again = `trying again in ${Math.round(decision.delayMs)} ms`;
  return decision.exhausted ? `no attempts left, but nothing is dropped (onExhausted: retry), ${again}` : again;
}
