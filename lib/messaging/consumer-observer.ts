import type { Message } from './message.js';

/**
 * Messages under way in one partition.
 *
 * @publicApi
 */
export interface MessagesEvent {
  readonly topic: string;
  readonly partition: number;
  readonly group: string;

  /** One, or those of a batch. */
  readonly messages: readonly Message[];
}

/**
 * An attempt that has ended.
 *
 * @publicApi
 */
export interface AttemptEvent extends MessagesEvent {
  /** `Class.method` */
  readonly handler: string;

  /** 1 for the first; counts on in retry topics. */
  readonly attempt: number;

  /** Milliseconds it took. */
  readonly durationMs: number;
}

/**
 * An attempt that has failed.
 *
 * @publicApi
 */
export interface FailedEvent extends AttemptEvent {
  /** What was thrown. */
  readonly error: unknown;

  /** What follows; `split`: the messages of a batch are handled one by one. */
  readonly consequence: 'retry' | 'retry-topic' | 'dead-letter' | 'skip' | 'stop' | 'split';

  /** Whether attempts are used up or pointless. */
  readonly exhausted: boolean;
}

/**
 * Another attempt is going to be made.
 *
 * @publicApi
 */
export interface RetriedEvent extends MessagesEvent {
  readonly handler: string;

  /** The attempt that failed. */
  readonly attempt: number;
  readonly error: unknown;

  /** Milliseconds until the next one, of an attempt in the same lane. */
  readonly delayMs?: number;

  /** Where the message waits for it, of one that was moved to a retry topic. */
  readonly retryTopic?: string;
}

/**
 * A message was stored in a dead-letter topic.
 *
 * @publicApi
 */
export interface DeadLetteredEvent extends MessagesEvent {
  readonly handler: string;

  /** How many were made. */
  readonly attempts: number;

  /** What the last one failed with. */
  readonly error: unknown;
  readonly deadLetterTopic: string;
}

/**
 * Offsets of partitions; decimal strings, see `Message.offset`.
 *
 * @publicApi
 */
export interface CommittedEvent {
  readonly group: string;
  readonly positions: readonly { readonly topic: string; readonly partition: number; readonly offset: string }[];

  /** Milliseconds until the broker had answered. */
  readonly durationMs: number;
}

/**
 * Offsets that the broker did not take; they are tried again.
 *
 * @publicApi
 */
export interface CommitFailedEvent extends CommittedEvent {
  readonly error: unknown;
}

/**
 * Partitions have come to this process or left it.
 *
 * @publicApi
 */
export interface RebalancedEvent {
  readonly group: string;

  /** `assigned`: they came; `revoked`: they were given up, what was completed is committed; `lost`: they were taken away. */
  readonly change: 'assigned' | 'revoked' | 'lost';

  /** None, if a join has left this process without any. */
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
}

/**
 * Is told what a consumer does. Also the injection token under which an application provides its own: methods that it does not override do
 * nothing. They are called where it happens, so they should be quick. What they throw is logged, and changes nothing.
 *
 * @publicApi
 */
export abstract class ConsumerObserver {
  /** Messages are handed to their handlers; told once, before the first attempt. */
  received(_event: MessagesEvent): void {}

  /** A handler has handled them. */
  succeeded(_event: AttemptEvent): void {}

  /** An attempt has failed. */
  failed(_event: FailedEvent): void {}

  /** Told after {@link failed}, when the next attempt is planned or the message is in its retry topic. */
  retried(_event: RetriedEvent): void {}

  deadLettered(_event: DeadLetteredEvent): void {}

  /** Completed without having been handled: nobody takes them, or a policy skips them. */
  skipped(_event: MessagesEvent): void {}

  committed(_event: CommittedEvent): void {}

  commitFailed(_event: CommitFailedEvent): void {}

  rebalanced(_event: RebalancedEvent): void {}
}
