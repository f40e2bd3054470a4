import type { BrokerThrottle } from '../engine/client/connection/throttles.js';
import type { ConsumerState } from '../engine/condition/consumer-state.js';
import type { GroupConsumerStatus } from '../engine/consumer-status.js';
import type { Finding } from './finding.js';

/**
 * The health of the consumers of an application. A plain object, as JSON can hold it.
 *
 * @publicApi
 */
export interface KafkaHealthReport {
  /** `down` if one of them is not healthy. */
  status: 'up' | 'down';

  /** Why it is down; then what else is worth knowing. Empty where nothing is. */
  reasons: string[];
  groups: GroupHealth[];
}

/**
 * A consumer as it is told with its health; all of it is in `KafkaConsumerService.status()`.
 *
 * @publicApi
 */
export interface GroupHealth {
  connection: string;
  group: string;
  status: 'up' | 'down';
  state: ConsumerState;

  /** How many are assigned to this process. */
  partitions: number;

  /** Records taken from the broker and not completed. */
  open: number;

  /** Milliseconds for which a partition has stood still that should have gone on. */
  stalledMs: number;

  /** Milliseconds since any broker was last heard of; `null` without connections. */
  silentMs: number | null;

  /** How often its connections were made anew. */
  restarts: number;
  throttled: BrokerThrottle[];
}

/** What was found out about a consumer. */
export interface Examined {
  readonly connection: string;
  readonly status: GroupConsumerStatus;
  readonly findings: readonly Finding[];
}

/** @param others on what has no consumer */
export function reportOf(examined: readonly Examined[], others: readonly Finding[]): KafkaHealthReport {
  const told = examined.flatMap(({ connection, status, findings }) =>
    findings.map(({ isFault, text }) => ({ isFault, text: `${nameOf(connection, status.group)}: ${text}` })),
  );
  const all = [...told, ...others];
  const faults = all.filter(({ isFault }) => isFault);
  const notes = all.filter(({ isFault }) => !isFault);
  return {
    status: faults.length > 0 ? 'down' : 'up',
    reasons: [...faults, ...notes].map(({ text }) => text),
    groups: examined.map(groupHealth),
  };
}

function nameOf(connection: string, group: string): string {
  return connection === 'default' ? `group "${group}"` : `group "${group}" of connection "${connection}"`;
}

function groupHealth({ connection, status, findings }: Examined): GroupHealth {
  const { group, state, assignments, open, stalledMs, silentMs, restarts, throttled } = status;
  return {
    connection,
    group,
    status: findings.some(({ isFault }) => isFault) ? 'down' : 'up',
    state,
    partitions: assignments.length,
    open,
    stalledMs,
    silentMs,
    restarts,
    throttled,
  };
}
