import { placesField } from '../log-fields.js';
import type { EngineLogger } from '../logger.js';
import type { AssignedPartition } from './assigned-partition.js';

/** Begins to wait for running handlers. @returns what tells how many they were, and what that has taken, if there were any */
export function tellDrain(partitions: readonly AssignedPartition[], group: string, logger: EngineLogger): () => void {
  const busy = partitions.filter(({ running }) => running > 0);
  const handlers = count(busy);
  const startedAt = performance.now();
  return () => {
    if (handlers === 0) return;
    const durationMs = Math.round(performance.now() - startedAt);
    const left = count(busy);
    const names = busy.map(({ name }) => name).toSorted();
    const rest = left === 0 ? '' : `; ${left} still running`;
    const what = handlers === 1 ? '1 running handler' : `${handlers} running handlers`;
    logger.log(`Group "${group}" waited ${durationMs} ms for ${what} of ${names.join(', ')}${rest}`, {
      event: 'drained',
      group,
      ...placesField(busy),
      handlers,
      durationMs,
    });
  };
}

function count(partitions: readonly AssignedPartition[]): number {
  return partitions.reduce((sum, { running }) => sum + running, 0);
}
