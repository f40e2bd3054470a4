import type { PublishedRecord } from '../../messaging/producer.js';
import type { OutputRecord } from '../transactions/outputs.js';
import type { OutgoingRecord } from '../client/record-publisher.js';
import type { EngineLogger } from '../logger.js';
import type { AttemptScope } from './attempt.js';
import type { Watchers } from './watchers.js';

/** How often handlers succeeded, failed, and left messages unhandled. */
export interface DeliveryCounts {
  handled: number;
  failedAttempts: number;
  skipped: number;

  /** Messages moved to a retry topic. */
  retriedLater: number;

  /** Messages moved to a dead-letter topic. */
  deadLettered: number;
}

export function noCounts(): DeliveryCounts {
  return { handled: 0, failedAttempts: 0, skipped: 0, retriedLater: 0, deadLettered: 0 };
}

/** What all deliveries have in common. */
export interface DeliveryContext extends Watchers {
  readonly group: string;
  readonly logger: EngineLogger;
  readonly counts: DeliveryCounts;

  /** Resolves once the record is stored, with where. */
  readonly publish: (record: OutgoingRecord) => Promise<PublishedRecord>;
}

/** What a delivery has of its record's partition. */
export interface DeliveryScope extends Pick<AttemptScope, 'aborted'> {
  /** Completes the record, with what is to be stored with its position; resolves once that is committed. */
  readonly commit: (outputs?: readonly OutputRecord[]) => Promise<void>;

  /** Whether what is moved elsewhere is stored with the position. */
  readonly takesMoved?: boolean;
}
