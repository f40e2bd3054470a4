import type { FetchSettings } from '../client-settings.js';
import type { PartitionState } from './partition-state.js';

/** What a lane is to ask for now, if there is anything, and how long the broker may hold it when it has nothing. */
export interface LanePlan {
  states: readonly PartitionState[];
  maxWaitMs: number;
}

export interface PollPlan {
  main: LanePlan;
  express: LanePlan;
}

/** From so many quiet partitions on, lively ones are asked for apart: each of their polls would carry all the others. */
const manyQuiet = 32;

/** An express poll keeps waiting what becomes wanted next: not for longer than this. */
const expressMs = 20;

/** Who wants to collect many bytes accepts that records come later. */
const collectingMs = 500;

/** A main poll beside express polls ends in time to take over what becomes quiet. */
const besideExpressMs = 1_250;

/**
 * The main lane waits long for what it asks. What becomes wanted meanwhile is asked for by the express lane, which waits
 * briefly, so that it is soon free for what comes next. What is quiet by the next main poll is taken over by that: at
 * rest there is one long poll.
 *
 * @param wanted what is not asked for yet
 * @param expected what the express lane asks for now
 */
export function planPolls(
  wanted: readonly PartitionState[],
  expected: readonly PartitionState[],
  isMainFree: boolean,
  fetch: FetchSettings,
  now: number,
): PollPlan {
  const { main, express } = isMainFree ? divide(wanted, expected, now) : { main: [], express: wanted };
  const isExpressAtWork = express.length > 0 || expected.some((state) => !state.isQuiet(now));
  const mainMs = isExpressAtWork ? besideExpressMs : Infinity;
  return {
    main: { states: main, maxWaitMs: Math.min(mainMs, fetch.maxWaitMs) },
    express: { states: express, maxWaitMs: Math.min(fetch.minBytes > 1 ? collectingMs : expressMs, fetch.maxWaitMs) },
  };
}

function divide(wanted: readonly PartitionState[], expected: readonly PartitionState[], now: number) {
  const takenOver = expected.filter((state) => state.isQuiet(now));
  const quiet = wanted.filter((state) => state.isQuiet(now));
  if (quiet.length + takenOver.length < manyQuiet) return { main: [...wanted, ...takenOver], express: [] };
  return { main: [...quiet, ...takenOver], express: wanted.filter((state) => !state.isQuiet(now)) };
}
