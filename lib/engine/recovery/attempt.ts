import { AsyncResource } from 'node:async_hooks';
import { AcknowledgementError, HandlerTimeoutError, PublishError } from '../../messaging/errors.js';
import { HandlerContext } from '../../messaging/handler-context.js';
import type { Message } from '../../messaging/message.js';
import type { OutgoingMessage } from '../../messaging/producer.js';
import type { RecordToSend } from '../client/produce/pending-record.js';
import type { HandlerBinding, Serialize } from '../handler-binding.js';
import { placeFields } from '../log-fields.js';
import type { EngineLogger, LogFields } from '../logger.js';
import { topicNameFault } from '../topic-name.js';
import { longestDelayMs } from '../wait.js';

/** Where an attempt takes place. */
export interface AttemptScope {
  readonly group: string;
  readonly logger: EngineLogger;

  /** The partition is lost, or the grace of a drain is over. */
  readonly aborted: AbortSignal;

  /** Completes the record; resolves once that is committed. */
  readonly commit: () => Promise<void>;

  /** Takes what the handler publishes, of a handler in transactions. */
  readonly outputs?: RecordToSend[] | undefined;
}

/** Why an attempt has failed, and when to make the next if the handler has said so. */
export interface Failure {
  readonly error: unknown;
  readonly delayMs?: number | undefined;
}

/** How an attempt ended: `undefined` for well. */
export type Result = Failure | undefined;

/** One call of a handler with a message, and what the handler may ask for meanwhile. */
export class Attempt extends HandlerContext {
  private answer: 'acknowledged' | Failure | undefined;
  private isOver = false;
  private timedOut: Failure | undefined;

  /** Only where something else than the loss of the partition may abort it. */
  private aborting: AbortController | undefined;
  private answered: (() => void) | undefined;

  constructor(
    private readonly binding: HandlerBinding,
    private readonly message: Message,
    readonly attempt: number,
    private readonly scope: AttemptScope,
  ) {
    super();
  }

  get signal(): AbortSignal {
    return this.aborting?.signal ?? this.scope.aborted;
  }

  get group(): string {
    return this.scope.group;
  }

  get handler(): string {
    return this.binding.name;
  }

  /** Of the group and the handler: the effects of others are others. */
  get idempotencyKey(): string | undefined {
    const { name, idempotencyKey } = this.binding;
    return idempotencyKey && `${this.group}:${name}:${idempotencyKey(this.message)}`;
  }

  /** Never throws or rejects. A handler that makes no promise is done with when this returns, unless it has limits. */
  run(): Result | Promise<Result> {
    const { timeoutMs, ackTimeoutMs } = this.binding;
    return timeoutMs === undefined && ackTimeoutMs === undefined
      ? this.call()
      : this.runWithin(timeoutMs, ackTimeoutMs);
  }

  ack(): void {
    this.respond('acknowledged', 'ack');
  }

  nack(delayMs?: number): void {
    if (delayMs !== undefined && !(delayMs >= 0 && delayMs <= longestDelayMs)) {
      throw new AcknowledgementError(`nack: expected a delay of 0 to ${longestDelayMs} ms, got ${String(delayMs)}`);
    }
    const error = new AcknowledgementError(`${this.place} was not acknowledged: the handler has called nack()`);
    this.respond({ error, delayMs }, 'nack');
  }

  /** Accepted at once where nobody has to be asked: nothing is missed for an `await` that was forgotten. */
  async publish(message: OutgoingMessage): Promise<void> {
    const records = this.serialize(message);
    this.accept(records instanceof Promise ? await records : records);
  }

  async commit(): Promise<void> {
    if (this.binding.serialize)
      throw new AcknowledgementError(`${this.place} is committed with what its handler publishes, once that has ended`);
    const isAnswer = this.binding.ackTimeoutMs !== undefined && this.answer !== 'acknowledged';
    const obstacle = isAnswer ? this.whyTooLate() : this.isOver && 'the attempt is over';
    if (obstacle) throw new AcknowledgementError(`${this.place} cannot be committed: ${obstacle}`);
    if (isAnswer) this.ack();
    await this.scope.commit();
  }

  /** A store that the handler enters for good, such as one of `AsyncLocalStorage.enterWith`, is not that of the next message. */
  private call(): Result | Promise<Result> {
    try {
      const returned = new AsyncResource('KafkaAttempt').runInAsyncScope(() => this.invoke());
      if (!isThenable(returned)) return this.settled();
      return Promise.resolve(returned).then(
        () => this.settled(),
        (error: unknown) => this.settled({ error }),
      );
    } catch (error) {
      return this.settled({ error });
    }
  }

  private serialize(message: OutgoingMessage): ReturnType<Serialize> {
    const { serialize } = this.binding;
    if (serialize) return serialize([message]);
    throw new PublishError(
      `${this.handler} has called publish(), but is not in transactions; decorate it with { transactional: true }, or publish with a Producer`,
    );
  }

  private accept(records: readonly RecordToSend[]): void {
    if (this.isOver)
      throw new PublishError(`${this.place}: nothing can be published for it any more, the attempt is over`);
    for (const { topic } of records) this.refuseIllegal(topic);
    this.scope.outputs!.push(...records);
  }

  /** In the transaction it would fail for good, and hold the partition. */
  private refuseIllegal(topic: string): void {
    const fault = topicNameFault(topic);
    if (fault !== undefined) throw new PublishError(`${this.place}: "${topic}" is no topic: the name ${fault}`);
  }

  protected invoke(): unknown {
    return this.binding.handle(this.message, this);
  }

  private settled(result?: Failure): Result {
    if (this.binding.ackTimeoutMs === undefined) this.isOver = true;
    return result;
  }

  private async runWithin(timeoutMs: number | undefined, ackTimeoutMs: number | undefined): Promise<Result> {
    const stopForwarding = timeoutMs === undefined ? undefined : this.mayAbort();
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.timeOut(timeoutMs), timeoutMs);
    try {
      const result = await this.call();
      clearTimeout(timer);
      if (this.timedOut && this.answer !== 'acknowledged') return this.timedOut;
      return ackTimeoutMs === undefined ? result : await this.acknowledgement(result, ackTimeoutMs);
    } finally {
      stopForwarding?.();
      this.isOver = true;
    }
  }

  /** Gives the attempt a signal of its own, which fires with that of the partition, too. */
  private mayAbort(): () => void {
    const { aborted } = this.scope;
    const aborting = (this.aborting = new AbortController());
    const forward = (): void => aborting.abort(aborted.reason);
    if (aborted.aborted) forward();
    aborted.addEventListener('abort', forward, { once: true });
    return () => aborted.removeEventListener('abort', forward);
  }

  /** The attempt has failed with its timeout, but the next begins only when the handler has settled. */
  private timeOut(ms: number): void {
    const error = new HandlerTimeoutError(`${this.handler} has not finished ${this.placeAlone} within ${ms} ms`);
    this.timedOut = { error };
    this.scope.logger.warn(
      `${error.message} (handlerTimeoutMs); its signal is aborted, and its lane waits until it settles`,
      { event: 'handler-timeout', ...this.fields, durationMs: ms },
      `timeout ${this.handler}`,
    );
    this.aborting?.abort(error);
  }

  /** What the handler answers counts more than how it ends. */
  private async acknowledgement(result: Result, timeoutMs: number): Promise<Result> {
    if (!result && !this.answer) await this.untilAnswered(timeoutMs);
    const { answer } = this;
    if (answer === 'acknowledged') {
      if (result) this.warn(`${this.place} has been acknowledged; what its handler threw then is ignored`);
      return undefined;
    }
    if (result) return { ...result, delayMs: answer?.delayMs };
    return answer ?? { error: this.unanswered(timeoutMs) };
  }

  private untilAnswered(timeoutMs: number): Promise<void> {
    const { aborted } = this.scope;
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        aborted.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, timeoutMs);
      aborted.addEventListener('abort', finish, { once: true });
      this.answered = finish;
      if (aborted.aborted) finish();
    });
  }

  private unanswered(timeoutMs: number): Error {
    return new AcknowledgementError(
      `${this.place} was not acknowledged: the handler has returned, and called neither ack() nor nack() within ${timeoutMs} ms ` +
        `(ackTimeoutMs)`,
    );
  }

  private respond(answer: 'acknowledged' | Failure, call: 'ack' | 'nack'): void {
    if (this.binding.ackTimeoutMs === undefined) {
      throw new AcknowledgementError(
        `${this.handler} has called ${call}(), but returning is its acknowledgement; decorate it with { ack: 'manual' }`,
      );
    }
    if (this.answer === answer) return;
    const obstacle = this.whyTooLate();
    if (obstacle) return this.warn(`${this.place}: ${call}() is ignored, ${obstacle}`);
    this.answer = answer;
    this.answered?.();
  }

  private whyTooLate(): string | undefined {
    if (this.scope.aborted.aborted) return 'the partition is given up or lost';
    if (this.answer) return 'it has been answered before';
    if (this.timedOut) return 'the attempt has timed out';
    return this.isOver ? 'the attempt is over' : undefined;
  }

  private warn(text: string): void {
    this.scope.logger.warn(text, this.fields, `acknowledgement ${this.handler}`);
  }

  private get fields(): LogFields {
    const { group, handler, attempt } = this;
    return { group, ...placeFields(this.message), handler, attempt };
  }

  private get place(): string {
    return `${this.handler}: ${this.placeAlone}`;
  }

  protected get placeAlone(): string {
    const { topic, partition, offset } = this.message;
    return `${topic}-${partition}@${offset}`;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function';
}
