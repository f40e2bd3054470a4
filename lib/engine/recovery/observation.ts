import type { ConsumerObserver, FailedEvent, MessagesEvent } from '../../messaging/consumer-observer.js';
import type { Message } from '../../messaging/message.js';
import type { Decision } from './decide.js';
import type { Publication } from './publication.js';
import type { Verdict } from './lane-delivery.js';

/** Follows messages through their attempts, such as a span of a trace. */
export interface Trace {
  /** Calls a handler. */
  run<T>(call: () => T): T;

  /** An attempt failed. */
  failed(error: unknown, consequence: FailedEvent['consequence']): void;

  /** Nothing more is done with them here: all that follows, follows elsewhere. */
  end(verdict: Exclude<Verdict, object>): void;
}

/** Begins traces; `undefined` where none is wanted. */
export interface Tracer {
  /** @param aborted fires when the partition is lost, perhaps between two attempts */
  begin(messages: readonly Message[], group: string, aborted: AbortSignal): Trace | undefined;
}

/** Who is told what happens to messages. */
export interface Watchers {
  readonly observer?: ConsumerObserver | undefined;
  readonly tracer?: Tracer | undefined;
}

/** What watchers are told of one delivery. There is none where nobody watches. */
export class Observation {
  private readonly event: MessagesEvent;
  private trace: Trace | undefined;

  /** When the attempt under way began, by the clock of `performance`. */
  startedAt = 0;

  constructor(
    private readonly watchers: Watchers,
    messages: readonly Message[],
    group: string,
    private readonly aborted: AbortSignal,
  ) {
    const { topic, partition } = messages[0]!;
    this.event = { topic, partition, group, messages };
  }

  /** @returns nothing where nobody watches */
  static of(
    watchers: Watchers,
    messages: readonly Message[],
    group: string,
    aborted: AbortSignal,
  ): Observation | undefined {
    if (!watchers.observer && !watchers.tracer) return undefined;
    return new Observation(watchers, messages, group, aborted);
  }

  /** @param startedAt of the attempt that they were received for, with others: then this has been told */
  received(startedAt?: number): void {
    if (startedAt === undefined) this.watchers.observer?.received(this.event);
    else this.startedAt = startedAt;
    this.trace = this.watchers.tracer?.begin(this.event.messages, this.event.group, this.aborted);
  }

  started(): void {
    if (this.watchers.observer) this.startedAt = performance.now();
  }

  run<T>(call: () => T): T {
    return this.trace ? this.trace.run(call) : call();
  }

  succeeded(handler: string, attempt: number, messages = this.event.messages): void {
    if (messages.length === 0) return;
    const { durationMs } = this;
    this.watchers.observer?.succeeded({ ...this.event, messages, handler, attempt, durationMs });
  }

  failed(
    handler: string,
    attempt: number,
    error: unknown,
    { consequence, exhausted, delayMs }: Consequence,
    messages = this.event.messages,
  ): void {
    const { durationMs } = this;
    const { observer } = this.watchers;
    this.trace?.failed(error, consequence);
    const attempted = { ...this.event, messages, handler, attempt };
    observer?.failed({ ...attempted, durationMs, error, consequence, exhausted });
    if (delayMs !== undefined) observer?.retried({ ...attempted, error, delayMs });
  }

  moved({ isRetry, topic, failed: { handler, attempts, error } }: Publication): void {
    const { observer } = this.watchers;
    if (isRetry) observer?.retried({ ...this.event, handler, attempt: attempts, error, retryTopic: topic });
    else observer?.deadLettered({ ...this.event, handler, attempts, error, deadLetterTopic: topic });
  }

  skipped(): void {
    this.watchers.observer?.skipped(this.event);
  }

  /** @returns the verdict, which ends the trace unless another attempt follows */
  follow(verdict: Verdict | Promise<Verdict>): Verdict | Promise<Verdict> {
    const { trace } = this;
    if (!trace) return verdict;
    if (verdict instanceof Promise) return verdict.then((settled) => this.ended(settled, trace));
    return this.ended(verdict, trace);
  }

  private ended(verdict: Verdict, trace: Trace): Verdict {
    if (typeof verdict !== 'object') trace.end(verdict);
    return verdict;
  }

  private get durationMs(): number {
    return performance.now() - this.startedAt;
  }
}

/** What follows on a failed attempt, as observers are told. */
export interface Consequence extends Pick<FailedEvent, 'consequence' | 'exhausted'> {
  /** Milliseconds until the next attempt in the lane. */
  readonly delayMs?: number | undefined;
}

export function toConsequence(decision: Decision): Consequence {
  const delayMs = decision.kind === 'retry' ? decision.delayMs : undefined;
  return { consequence: decision.kind, exhausted: decision.exhausted, delayMs };
}
