import type { ConsumerObserver, FailedEvent, MessagesEvent } from '../../messaging/consumer-observer.js';
import type { Message } from '../../messaging/message.js';
import type { Verdict } from './lane-delivery.js';

/** An attempt that has failed, as traces are told. */
export interface FailedTry extends Pick<FailedEvent, 'error' | 'attempt' | 'consequence' | 'exhausted'> {
  /** Milliseconds until the next attempt in the lane. */
  readonly delayMs?: number | undefined;
}

/** Follows messages through their attempts, such as a span of a trace. */
export interface Trace {
  /** Calls a handler, or what makes its payload. */
  run<T>(call: () => T): T;

  /** An attempt failed. */
  failed(failed: FailedTry): void;

  /** Nothing more is done with them here: all that follows, follows elsewhere. */
  end(verdict: Exclude<Verdict, object>): void;
}

/** Begins traces. */
export interface Tracer {
  /** Whether anybody wants them now. Asked for each delivery, so it has to be quick. */
  readonly isOn: boolean;

  begin(messages: readonly Message[], group: string): Trace | undefined;
}

/** What was thrown. */
export interface Thrown {
  readonly error: unknown;
}

/** Measures what observers are not told of. */
export interface Meter {
  /** Of a batch all at once, also where some of its messages have failed and others have not. */
  attempted(event: MessagesEvent, durationMs: number, failure?: Thrown): void;

  /** What recovery moves elsewhere, and what is stored in a transaction, was sent, and stored unless that has failed. */
  sent(records: readonly { readonly topic: string }[], durationMs: number, failure?: Thrown): void;
}

/** Tells a meter of records that are sent by a call, with what the call throws. */
export async function metered<T>(
  meter: Meter | undefined,
  records: readonly { readonly topic: string }[],
  send: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  try {
    const sent = await send();
    meter?.sent(records, performance.now() - startedAt);
    return sent;
  } catch (error) {
    meter?.sent(records, performance.now() - startedAt, { error });
    throw error;
  }
}

/** Who is told what happens to messages. */
export interface Watchers {
  readonly observer?: ConsumerObserver | undefined;
  readonly tracer?: Tracer | undefined;
  readonly meter?: Meter | undefined;
}
