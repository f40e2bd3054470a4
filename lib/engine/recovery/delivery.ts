import { AcknowledgementError } from '../../messaging/errors.js';
import type { Message } from '../../messaging/message.js';
import type { ConsumedRecord } from '../client/consumer-client.js';
import { KafkaMessage } from '../decode/kafka-message.js';
import { describeThrown } from '../describe-thrown.js';
import type { HandlerBinding } from '../handler-binding.js';
import type { EngineLogger } from '../logger.js';
import { Attempt, type AttemptScope, type Failure, type Result } from './attempt.js';
import { classify } from './classify.js';
import { decide, type Decision } from './decide.js';

/**
 * What is to become of a record after an attempt: it is done with, to be tried again after a delay, or stays uncommitted,
 * because the partition is given up (`abandoned`) or a policy asks for the end of the consumer (`stopped`).
 */
export type Verdict = 'handled' | 'skipped' | 'abandoned' | 'stopped' | { readonly retryInMs: number };

/** How often handlers succeeded, failed, and left messages unhandled. */
export interface DeliveryCounts {
  handled: number;
  failedAttempts: number;
  skipped: number;
}

/** What all deliveries have in common. */
export interface DeliveryContext {
  readonly group: string;
  readonly logger: EngineLogger;
  readonly counts: DeliveryCounts;

  /** Told of each failed attempt and what follows from it. */
  readonly onFailure?: (error: unknown, decision: Decision) => void;
}

/** What a delivery has of its record's partition. */
export type DeliveryScope = Pick<AttemptScope, 'aborted' | 'commit'>;

/** The way of one record through the handlers of its topic, one after the other: decode, invoke, recover. */
export class Delivery {
  private readonly message: Message;

  /** The handler whose turn it is; those before are done with the message. */
  private turn = 0;
  private attempts = 0;
  private outcome: 'handled' | 'skipped' = 'skipped';
  private isCommitted = false;

  constructor(
    private readonly record: ConsumedRecord,
    private readonly handlers: readonly HandlerBinding[],
    private readonly scope: DeliveryScope,
    private readonly context: DeliveryContext,
  ) {
    this.message = new KafkaMessage(record);
  }

  /** Goes on with the handler that failed, or the first; on to the last if all goes well. Without a promise, where handlers do. */
  attempt(): Verdict | Promise<Verdict> {
    const binding = this.handlers[this.turn];
    if (!binding) return this.end();
    const { group, logger } = this.context;
    const scope = { group, logger, aborted: this.scope.aborted, commit: () => this.commit() };
    const result = new Attempt(binding, this.message, ++this.attempts, scope).run();
    return result instanceof Promise ? result.then((settled) => this.goOn(settled)) : this.goOn(result);
  }

  private goOn(result: Result): Verdict | Promise<Verdict> {
    return (result && !this.isCommitted ? this.failed(result) : this.succeeded(result)) ?? this.attempt();
  }

  private end(): Verdict {
    if (this.handlers.length === 0) this.context.counts.skipped++;
    return this.outcome;
  }

  private succeeded(late: Result): Verdict | undefined {
    if (late) this.reportLate(late);
    this.outcome = 'handled';
    return this.next('handled');
  }

  private failed({ error, delayMs }: Failure): Verdict | undefined {
    const isAborted = this.scope.aborted.aborted; // then it is the abort's doing, not the record's
    if (isAborted && classify(error) !== 'skip') return 'abandoned';
    const decision = withDelay(decide(error, this.attempts, this.handlers[this.turn]!), delayMs);
    this.context.counts.failedAttempts++;
    this.context.onFailure?.(error, decision);
    this.report(decision, error);
    if (decision.kind === 'retry') return { retryInMs: decision.delayMs };
    return decision.kind === 'stop' ? 'stopped' : this.next('skipped');
  }

  /** @returns a verdict unless another handler is to have its turn */
  private next(count: 'handled' | 'skipped'): Verdict | undefined {
    this.context.counts[count]++;
    this.turn++;
    this.attempts = 0;
    if (this.turn === this.handlers.length) return this.outcome;
    return this.scope.aborted.aborted ? 'abandoned' : undefined;
  }

  private async commit(): Promise<void> {
    if (this.turn < this.handlers.length - 1) {
      const others = this.handlers.slice(this.turn + 1).map(({ name }) => name);
      throw new AcknowledgementError(
        `${this.place} cannot be committed yet: ${others.join(', ')} has still to handle it`,
      );
    }
    this.isCommitted = true;
    await this.scope.commit();
  }

  private get place(): string {
    const { topic, partition, offset } = this.record;
    return `${topic}-${partition}@${offset}`;
  }

  private reportLate({ error }: Failure): void {
    const { text, stack } = describeThrown(error);
    const { name } = this.handlers[this.turn]!;
    this.context.logger.error(
      `${name} failed on ${this.place} after it had committed it; it is not tried again: ${text}`,
      stack,
    );
  }

  /** The first failure and the end of the attempts come with the stack, those between in a line. */
  private report(decision: Decision, error: unknown): void {
    const { name } = this.handlers[this.turn]!;
    const { text: cause, stack } = describeThrown(error);
    const text = `${name} failed on ${this.place}, attempt ${this.attempts}; ${consequence(decision)}: ${cause}`;
    if (this.attempts === 1 || decision.exhausted) this.context.logger.error(text, stack);
    else this.context.logger.warn(text);
  }
}

function withDelay(decision: Decision, delayMs: number | undefined): Decision {
  return decision.kind === 'retry' && delayMs !== undefined ? { ...decision, delayMs } : decision;
}

function consequence(decision: Decision): string {
  if (decision.kind === 'stop') return 'stopping the consumer, the record stays uncommitted (onExhausted: stop)';
  if (decision.kind === 'skip')
    return decision.exhausted ? 'skipping the record (onExhausted: skip)' : 'skipping the record';
  const again = `trying again in ${Math.round(decision.delayMs)} ms`;
  return decision.exhausted ? `no attempts left, but nothing is dropped (onExhausted: retry), ${again}` : again;
}
