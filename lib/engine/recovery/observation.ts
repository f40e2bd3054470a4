import type { FailedEvent, MessagesEvent } from '../../messaging/consumer-observer.js';
import type { Message } from '../../messaging/message.js';
import type { Decision } from './decide.js';
import type { Verdict } from './lane-delivery.js';
import type { Publication } from './publication.js';
import type { Trace, Watchers } from './watchers.js';

/** Whether anybody watches now. Asked once a record: where nobody does, there is no {@link Observation}. */
export function isWatched({ observer, meter, tracer }: Watchers): boolean {
  return observer !== undefined || meter !== undefined || tracer?.isOn === true;
}

/** What watchers are told of one delivery. */
export class Observation {
  private readonly event: MessagesEvent;
  private trace: Trace | undefined;
  private stopWaiting: (() => void) | undefined;

  /** Of the last attempt, where that was made with others, the duration is known. */
  private isMeasured = false;

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

  /** @param startedAt of the attempt that they were received for, with others: then this has been told */
  received(startedAt?: number): void {
    if (startedAt === undefined) this.watchers.observer?.received(this.event);
    else this.startedAt = startedAt;
    this.isMeasured = startedAt !== undefined;
    const { tracer } = this.watchers;
    if (tracer?.isOn) this.trace = tracer.begin(this.event.messages, this.event.group);
  }

  started(): void {
    this.isMeasured = false;
    if (this.watchers.observer || this.watchers.meter) this.startedAt = performance.now();
  }

  run<T>(call: () => T): T {
    return this.trace ? this.trace.run(call) : call();
  }

  succeeded(handler: string, attempt: number): void {
    const { observer, meter } = this.watchers;
    const { durationMs } = this;
    const { topic, partition, group, messages } = this.event; // a spread would take two microseconds, once a record
    meter?.attempted(this.event, durationMs);
    observer?.succeeded({ topic, partition, group, messages, handler, attempt, durationMs });
  }

  failed(handler: string, attempt: number, error: unknown, consequence: Consequence): void {
    const { durationMs } = this;
    const { observer } = this.watchers;
    const { delayMs, ...follows } = consequence;
    this.attemptFailed(error, attempt, durationMs, consequence);
    const attempted = { ...this.event, handler, attempt, error };
    observer?.failed({ ...attempted, durationMs, ...follows });
    if (delayMs !== undefined) observer?.retried({ ...attempted, delayMs });
  }

  /** Some messages of a batch were handled; of the others it is told when they go on alone. */
  split(handler: string, attempt: number, error: unknown, handled: readonly Message[]): void {
    const { durationMs } = this;
    this.attemptFailed(error, attempt, durationMs, { consequence: 'split', exhausted: false });
    if (handled.length === 0) return;
    this.watchers.observer?.succeeded({ ...this.event, messages: handled, handler, attempt, durationMs });
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
    this.stopWaiting?.();
    if (verdict instanceof Promise) return verdict.then((settled) => this.ended(settled, trace));
    return this.ended(verdict, trace);
  }

  private attemptFailed(error: unknown, attempt: number, durationMs: number, consequence: Consequence): void {
    const { meter } = this.watchers;
    this.trace?.failed({ error, attempt, ...consequence });
    if (!this.isMeasured) meter?.attempted(this.event, durationMs, { error });
  }

  private ended(verdict: Verdict, trace: Trace): Verdict {
    if (typeof verdict !== 'object') trace.end(verdict);
    else if (this.aborted.aborted) trace.end('abandoned');
    else this.untilAbandoned(trace);
    return verdict;
  }

  /** Between two attempts the partition may be lost, and nobody comes back to this delivery. */
  private untilAbandoned(trace: Trace): void {
    const abandoned = (): void => trace.end('abandoned');
    this.aborted.addEventListener('abort', abandoned, { once: true });
    this.stopWaiting = () => this.aborted.removeEventListener('abort', abandoned);
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
