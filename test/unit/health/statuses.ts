import type { GroupConsumerStatus, PartitionStatus } from '../../../lib/engine/consumer-status.js';

/** A consumer that reads, and what a spec wants to be otherwise. */
export function groupStatus(fields: Partial<GroupConsumerStatus> = {}): GroupConsumerStatus {
  return {
    group: 'billing',
    running: true,
    state: 'consuming',
    reason: null,
    joined: true,
    joinedSince: '2026-01-01T00:00:00.000Z',
    outsideMs: 0,
    assignments: [{ topic: 'orders', partition: 0 }],
    unplaced: [],
    paused: [],
    rebalances: 1,
    restarts: 0,
    failures: null,
    silentMs: 100,
    heartbeatMs: 100,
    throttled: [],
    inFlight: 0,
    open: 0,
    oldestOpenMs: 0,
    stalledMs: 0,
    metadataFill: 0,
    commits: 0,
    commitFailures: 0,
    handled: 0,
    failedAttempts: 0,
    skipped: 0,
    retriedLater: 0,
    deadLettered: 0,
    ...fields,
  };
}

/** A partition with nothing to do. */
export function partitionStatus(fields: Partial<PartitionStatus> = {}): PartitionStatus {
  return {
    group: 'billing',
    topic: 'orders',
    partition: 0,
    position: '42',
    open: 0,
    running: 0,
    oldestOpenMs: 0,
    stalledMs: 0,
    retries: 0,
    commitTrouble: null,
    paused: false,
    metadataFill: 0,
    pausedFor: [],
    ...fields,
  };
}
