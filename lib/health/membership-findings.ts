import type { ConsumerState } from '../engine/condition/consumer-state.js';
import type { GroupConsumerStatus } from '../engine/consumer-status.js';
import { fault, note, seconds, type Finding } from './finding.js';

/** The application wants it so, or nothing is wrong. */
const startedStates: readonly ConsumerState[] = [
  'consuming',
  'unassigned',
  'rebalancing',
  'switched-off',
  'stopping',
  'stopped',
];
const readyStates: readonly ConsumerState[] = ['consuming', 'unassigned', 'rebalancing', 'switched-off', 'stopped'];

/** States that another start of the process may mend, if they last. */
const passingStates: readonly ConsumerState[] = ['connecting', 'joining', 'rebalancing', 'positioning'];

/** Whether a consumer has joined its group. */
export function startupFindings(status: GroupConsumerStatus): Finding[] {
  return inState(status, startedStates);
}

/** Whether a consumer reads what it should, or has a good reason not to. */
export function readinessFindings(status: GroupConsumerStatus, stallLimitMs: number): Finding[] {
  const outsideTooLong = status.outsideMs > stallLimitMs;
  return inState(status, outsideTooLong ? readyStates.filter((state) => state !== 'rebalancing') : readyStates);
}

/** Whether a consumer gets into its group, and its connections last. */
export function connectionFindings(status: GroupConsumerStatus, stallLimitMs: number, now: Date): Finding[] {
  const { state, reason, outsideMs, silentMs, restarts, failures } = status;
  if (!passingStates.includes(state)) {
    const notes = reason === null ? [] : [note(reason)];
    if (failures && failures.forMs > stallLimitMs && !isSettled(status, stallLimitMs, now)) {
      const { count, forMs, error } = failures;
      return [
        ...notes,
        fault(`its connections were made anew ${count} times within ${seconds(forMs)}, the last time for: ${error}`),
      ];
    }
    if (silentMs !== null && silentMs > stallLimitMs)
      return [...notes, fault(`no broker was heard of for ${seconds(silentMs)}`)];
    return notes;
  }
  const text = `${reason}; outside of the group for ${seconds(outsideMs)}, connections made anew ${restarts} times`;
  return [outsideMs > stallLimitMs ? fault(text) : note(text)];
}

/** Whether it has been in its group for a while: a consumer that fails again and again joins now and then. */
function isSettled({ joinedSince }: GroupConsumerStatus, stallLimitMs: number, now: Date): boolean {
  return joinedSince !== null && now.getTime() - Date.parse(joinedSince) > stallLimitMs / 5;
}

function inState({ state, reason }: GroupConsumerStatus, healthy: readonly ConsumerState[]): Finding[] {
  if (healthy.includes(state)) return reason === null ? [] : [note(reason)];
  return [fault(reason ?? state)];
}
