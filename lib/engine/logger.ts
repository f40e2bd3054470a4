/** What a line tells of, for queries: stays the same where sentences may get better. */
export type LogEvent =
  | 'assigned'
  | 'broke'
  | 'client-replaced'
  | 'closed'
  | 'commit-failed'
  | 'consumer-ended'
  | 'dead-lettered'
  | 'drain-aborted'
  | 'drained'
  | 'failed'
  | 'fetch-failed'
  | 'handler-timeout'
  | 'heartbeat-failed'
  | 'held'
  | 'join-failed'
  | 'kafkajs'
  | 'left'
  | 'lost'
  | 'paused'
  | 'position-reset'
  | 'publish-failed'
  | 'rebalancing'
  | 'resumed'
  | 'retried-later'
  | 'revoked'
  | 'seek'
  | 'skipped'
  | 'throttled'
  | 'topic-created'
  | 'topic-found'
  | 'topic-gone'
  | 'topic-missing'
  | 'topic-unhandled'
  | 'transaction-failed'
  | 'undecodable';

/** A partition, or a place in it. */
export interface LoggedPlace {
  readonly topic: string;
  readonly partition?: number;

  /** A decimal string, as in messages. */
  readonly offset?: string;
}

/** What a sentence tells, for machines. There are no secrets in it, and no payloads. */
export interface LogFields extends Partial<LoggedPlace> {
  readonly event?: LogEvent;
  readonly group?: string;
  readonly partitions?: readonly LoggedPlace[];

  /** `Class.method` */
  readonly handler?: string;
  readonly attempt?: number;

  /** What follows on a failure. */
  readonly consequence?: string;

  /** Where a record went. */
  readonly to?: LoggedPlace;

  /** Until it is tried again, or how long a quota holds requests back. */
  readonly delayMs?: number;

  /** What something has taken. */
  readonly durationMs?: number;

  /** Handlers that were waited for. */
  readonly handlers?: number;

  /** Records, and how many that are. */
  readonly records?: number;

  /** Name and message of what was thrown, and its class. */
  readonly error?: string;
  readonly errorClass?: string;

  /** `host:port`, or a node id */
  readonly broker?: string;
  readonly api?: string;

  /** The part of kafkajs that a line comes from. */
  readonly namespace?: string;

  /** Lines like this one that were left out. */
  readonly more?: number;
}

/**
 * What the engine asks of a logger.
 *
 * Lines that have the same `alike` repeat each other, whatever they say: where repeats are left out, it is those. Without it,
 * those that are the same.
 */
export interface EngineLogger {
  debug(message: string, fields?: LogFields): void;
  log(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields, alike?: string): void;
  error(message: string, stack?: string, fields?: LogFields, alike?: string): void;
}
