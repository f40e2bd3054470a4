import { partitionName, type ClientStatus } from '../client/consumer-client.js';
import type { ClientFailures } from './client-history.js';

/**
 * What a consumer is at.
 *
 * - `not-started`: the application is still starting; `switched-off`: nobody has called `start()`, `autoStart` is `false`
 * - `connecting`: it looks for the brokers, or for its coordinator; `no-topics`: none of its topics exists
 * - `joining`: it joins its group; `rebalancing`: it joins it again, its partitions given up meanwhile
 * - `positioning`: it has partitions, and no position to read any of them from
 * - `consuming`: it reads; `unassigned`: it is a member, all partitions are with others
 * - `stopping`, `stopped`: the application, or its shutdown, has called `stop()`
 * - `fenced`: another process has taken its place; `halted`: `onExhausted: 'stop'` or `onCrash: 'exit'` has ended it
 *
 * @publicApi
 */
export type ConsumerState =
  | 'not-started'
  | 'switched-off'
  | 'connecting'
  | 'no-topics'
  | 'joining'
  | 'rebalancing'
  | 'positioning'
  | 'consuming'
  | 'unassigned'
  | 'stopping'
  | 'stopped'
  | 'fenced'
  | 'halted';

/** What has ended a consumer for good, other than the application. */
export interface ConsumerEnd {
  readonly state: 'fenced' | 'halted';
  readonly reason: string;
}

/** What the state of a consumer is concluded from. */
export interface ConsumerFacts {
  readonly autoStart: boolean;
  readonly phase: 'new' | 'running' | 'stopping' | 'stopped';
  readonly end: ConsumerEnd | undefined;

  /** Whether it has been told what it is assigned since it last lost everything. */
  readonly isAssigned: boolean;

  /** How many partitions it reads. */
  readonly partitions: number;

  /** `undefined` between two clients. */
  readonly client: ClientStatus | undefined;
  readonly failures: ClientFailures | null;
}

/** A state, and why nothing is read in it, in words; `null` where all is read. */
export interface StateAndReason {
  state: ConsumerState;
  reason: string | null;
}

export function stateOf(facts: ConsumerFacts): StateAndReason {
  const { phase, autoStart, end } = facts;
  if (end) return end;
  if (phase === 'new' && autoStart) return { state: 'not-started', reason: 'it has not been started yet' };
  if (phase === 'new') return { state: 'switched-off', reason: 'autoStart is false, and nobody has called start()' };
  if (phase === 'stopping') return { state: 'stopping', reason: 'it is being stopped' };
  if (phase === 'stopped') return { state: 'stopped', reason: 'the application has stopped it' };
  return stateOfRunning(facts);
}

function stateOfRunning({ client, partitions, isAssigned, failures }: ConsumerFacts): StateAndReason {
  if (!client) return { state: 'connecting', reason: connecting(failures) };
  if (partitions > 0) return { state: 'consuming', reason: unplaced(client) };
  const { step } = client;
  if (step === 'connecting') return { state: step, reason: client.problem ?? connecting(failures) };
  if (step === 'no-topics') return { state: step, reason: `none of its topics exists: ${client.topics.join(', ')}` };
  if (step === 'joining') return { state: step, reason: `it joins the group${problem(client)}` };
  if (step === 'rebalancing') return { state: step, reason: `the group is rebalancing${problem(client)}` };
  if (client.unplaced.length > 0 || !isAssigned) {
    return { state: 'positioning', reason: unplaced(client) ?? 'it waits for its assignment' };
  }
  const reason = 'all partitions are with other members: the group has more members than partitions';
  return { state: 'unassigned', reason };
}

function connecting(failures: ClientFailures | null): string {
  return failures ? failures.error : 'it looks for the brokers';
}

function problem({ problem: text }: ClientStatus): string {
  return text === undefined ? '' : `, the last attempt failed: ${text}`;
}

function unplaced({ unplaced: partitions }: ClientStatus): string | null {
  const names = partitions.map(partitionName).toSorted().join(', ');
  return names === '' ? null : `no position to read from could be had yet of ${names}`;
}
