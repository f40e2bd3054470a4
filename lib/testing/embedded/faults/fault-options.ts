import { type KafkaErrorName } from '../protocol/errors.js';

/**
 * Which requests a fault hits. What is left out matches everything.
 *
 * @publicApi
 */
export interface FaultFilter {
  /** How many requests are hit before the fault is over; `Infinity` for all until it is cancelled. @default 1 */
  times?: number;

  /** Only for this topic. Of a request about several, the others are served. */
  topic?: string;

  /** Only for this partition. */
  partition?: number;

  /** Only for this consumer group. */
  group?: string;

  /** Only for this transactional id. */
  transactionalId?: string;

  /** Only for requests from clients of this id. */
  clientId?: string;

  /** Only at the broker of this id; brokers are numbered from 1. */
  broker?: number;

  /**
   * `before`: the request is not carried out. `after`: it is carried out first, and only its answer suffers.
   *
   * @default 'before' to fail and to disconnect, 'after' to delay
   */
  when?: 'before' | 'after';
}

/**
 * How requests fail.
 *
 * @publicApi
 */
export interface FailOptions extends FaultFilter {
  /** Error the client gets, by the name that kafkajs has in `error.type`. */
  error: KafkaErrorName;
}

/**
 * A fault that was set up.
 *
 * @publicApi
 */
export interface Fault {
  /** How many requests it has hit. */
  readonly hits: number;

  /** Whether it will hit more. */
  readonly active: boolean;

  /** Ends it. */
  cancel(): void;
}

/**
 * Connections that are being refused.
 *
 * @publicApi
 */
export interface ConnectionRefusal {
  /** Takes connections again, on the same port. */
  cancel(): Promise<void>;
}
