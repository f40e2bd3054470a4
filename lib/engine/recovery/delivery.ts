import { AcknowledgementError, MessagingError } from '../../messaging/errors.js';
import type { PublishedRecord } from '../../messaging/producer.js';
import { isPromise } from '../at-once.js';
import { recordToSend } from '../client/outgoing.js';
import type { RecordToSend } from '../client/produce/pending-record.js';
import { KafkaMessage } from '../decode/kafka-message.js';
import { describeThrown } from '../describe-thrown.js';
import type { HandlerBinding } from '../handler-binding.js';
import { Attempt, type Failure, type Result } from './attempt.js';
import { decide, type Decision } from './decide.js';
import type { DeliveryContext, DeliveryCounts, DeliveryScope } from './delivery-context.js';
import { nameOf, reportAttempt, reportLate, reportMove, reportPassed } from './failure-report.js';
import type { LaneDelivery, Outcome, Verdict } from './lane-delivery.js';
import { isWatched, Observation, toConsequence } from './observation.js';
import { deadLetter, retryLater, type Publication } from './publication.js';
import { deadLetterTopicFor } from './recovery-topics.js';
import type { Addressed } from './redelivery.js';
import { storeElsewhere } from './store-elsewhere.js';
import type { OutputRecord } from '../transactions/outputs.js';

/** The way of one record through the handlers of its topic, one after the other: decode, invoke, recover. */
export class Delivery implements LaneDelivery {
  private message: KafkaMessage;

  /** The handler whose turn it is; those before are done with the message. */
  private turn = 0;
  private attempts = 0;

  /** Handlers that took the message. */
  private taken = 0;
  private outcome: Outcome = 'skipped';
  private isCommitted = false;
  private isReceived = false;
  private readonly observation: Observation | undefined;

  outputs: OutputRecord[] | undefined;

  /** What the attempt under way has published. */
  private published: RecordToSend[] | undefined;

  /** Where the record goes if it is a dead letter; a function is asked once. */
  private deadLetterTopic = '';

  /** What has to be stored elsewhere before the record is done with. */
  private publication: Publication | undefined;

  constructor(
    private readonly addressed: Addressed,
    private readonly scope: DeliveryScope,
    private readonly context: DeliveryContext,
  ) {
    this.message = this.messageFor(addressed.handlers[0]);
    if (isWatched(context)) this.observation = new Observation(context, [this.message], context.group, scope.aborted);
  }

  get size(): number {
    return 1;
  }

  /**
   * Begins with attempts that were made before.
   *
   * @param failure of the last of them, if nothing has followed from it yet
   * @param startedAt when that began, where it is observed
   */
  resume(attempts: number, failure?: Failure, startedAt = 0): Verdict | Promise<Verdict> {
    this.attempts = attempts;
    return this.observed(() => (failure ? this.goOn(failure) : this.proceed()), startedAt);
  }

  /** Goes on with the handler that failed, or the first; on to the last if all goes well. Without a promise, where handlers do. */
  attempt(): Verdict | Promise<Verdict> {
    return this.observation ? this.observed(() => this.proceed()) : this.proceed();
  }

  private observed(proceed: () => Verdict | Promise<Verdict>, startedAt?: number): Verdict | Promise<Verdict> {
    if (!this.isReceived) this.observation?.received(startedAt);
    this.isReceived = true;
    return this.observation ? this.observation.follow(proceed()) : proceed();
  }

  private proceed(): Verdict | Promise<Verdict> {
    if (this.publication) return this.publish(this.publication);
    const binding = this.handlers[this.turn];
    if (!binding) return this.end();
    this.attempts++;
    this.observation?.started();
    if (!this.message.isToBePrepared) return this.call(binding);
    return this.isLeftOut(binding) ? this.pass() : this.prepared(binding);
  }

  private call(binding: HandlerBinding): Verdict | Promise<Verdict> {
    const selected = this.select(binding);
    if (selected !== true) return selected ? this.goOn(selected) : this.pass();
    const { group, logger } = this.context;
    this.published = binding.serialize && [];
    const { published: outputs } = this;
    const scope = { group, logger, aborted: this.scope.aborted, commit: () => this.commit(), outputs };
    const attempt = new Attempt(binding, this.message, this.attemptsInAll, scope);
    const result = this.observation ? this.observation.run(() => attempt.run()) : attempt.run();
    return result instanceof Promise ? result.then((settled) => this.goOn(settled)) : this.goOn(result);
  }

  private async prepared(binding: HandlerBinding): Promise<Verdict> {
    try {
      await (this.observation ? this.observation.run(() => this.message.prepare()) : this.message.prepare());
    } catch (error) {
      return this.goOn({ error });
    }
    return this.scope.aborted.aborted ? 'abandoned' : this.call(binding);
  }

  /** Handlers of one format share what was decoded. */
  private messageFor(binding: HandlerBinding | undefined): KafkaMessage {
    const { record } = this.addressed;
    return new KafkaMessage(record, binding?.deserializerOf(record.topic));
  }

  private toNext(): void {
    const before = this.handlers[this.turn];
    this.turn++;
    this.attempts = 0;
    const next = this.handlers[this.turn];
    if (next && before && !this.haveOneFormat(before, next)) this.message = this.messageFor(next);
  }

  private haveOneFormat(one: HandlerBinding, other: HandlerBinding): boolean {
    const { topic } = this.addressed.record;
    return one.deserializerOf(topic) === other.deserializerOf(topic);
  }

  private get handlers(): readonly HandlerBinding[] {
    return this.addressed.handlers;
  }

  /** With those that were made before the record came here. */
  private get attemptsInAll(): number {
    return this.addressed.attempts + this.attempts;
  }

  private goOn(result: Result): Verdict | Promise<Verdict> {
    return (result && !this.isCommitted ? this.failed(result) : this.succeeded(result)) ?? this.proceed();
  }

  /** Of the handlers that were left, none takes it. */
  private end(): Verdict {
    if (this.taken === 0) this.context.counts.skipped++;
    if (this.taken === 0) this.observation?.skipped();
    const { passedBy, record } = this.addressed;
    if (passedBy) reportPassed(this.context, record, passedBy);
    return this.outcome;
  }

  /** Whether it can be told without the payload that the message is not for the handler: then it may be of another format. */
  private isLeftOut(binding: HandlerBinding): boolean {
    const message = this.messageFor(binding);
    return this.select(binding, message) === false && !message.isMissed;
  }

  /** @returns whether the handler takes the message, or why that cannot be told */
  private select({ when }: HandlerBinding, message = this.message): boolean | Failure {
    try {
      const taken: unknown = when ? when(message) : true;
      if (isPromise(taken)) throw new MessagingError('when: expected true or false, got a promise');
      return Boolean(taken);
    } catch (error) {
      return { error };
    }
  }

  /** The message is not for this handler. */
  private pass(): Verdict | Promise<Verdict> {
    this.toNext();
    return this.proceed();
  }

  private succeeded(late: Result): Verdict | undefined {
    const { name } = this.handlers[this.turn]!;
    if (late) reportLate(this.context, this.addressed.record, name, late.error);
    this.observation?.succeeded(name, this.attemptsInAll);
    this.outcome = 'handled';
    if (this.published) this.outputs = [...(this.outputs ?? []), ...this.published];
    return this.next('handled');
  }

  private failed({ error, delayMs }: Failure): Verdict | Promise<Verdict> | undefined {
    const binding = this.handlers[this.turn]!;
    const isAborted = this.scope.aborted.aborted; // then it is the abort's doing, not the record's
    if (isAborted && binding.classify(error) !== 'skip') return 'abandoned';
    const decision = withDelay(this.decide(error, binding), delayMs);
    this.context.counts.failedAttempts++;
    this.observation?.failed(binding.name, this.attemptsInAll, error, toConsequence(decision));
    this.publication = this.publicationFor(decision, error, binding);
    const failed = { handler: binding.name, attempt: this.attemptsInAll, to: this.publication?.topic };
    reportAttempt(this.context, this.addressed.record, failed, decision, error);
    if (this.publication) return this.publish(this.publication);
    if (decision.kind === 'retry') return { retryInMs: decision.delayMs };
    if (decision.kind === 'stop') return 'stopped';
    this.observation?.skipped();
    return this.next('skipped');
  }

  /** @returns a verdict unless another handler is to have its turn */
  private next(count?: keyof DeliveryCounts): Verdict | undefined {
    if (count) this.context.counts[count]++;
    this.taken++;
    this.toNext();
    if (this.turn === this.handlers.length) return this.outcome;
    return this.scope.aborted.aborted ? 'abandoned' : undefined;
  }

  /** A dead letter for the topic it comes from would come back for ever. */
  private decide(error: unknown, binding: HandlerBinding): Decision {
    const { record, step } = this.addressed;
    const progress = { attempt: this.attempts, step };
    const decision = decide(error, progress, binding);
    if (decision.kind !== 'dead-letter') return decision;
    this.deadLetterTopic = deadLetterTopicFor(binding.deadLetter!, this.message, error);
    if (this.deadLetterTopic !== record.topic) return decision;
    return decide(error, progress, { ...binding, deadLetter: undefined });
  }

  private publicationFor(decision: Decision, error: unknown, binding: HandlerBinding): Publication | undefined {
    if (decision.kind !== 'retry-topic' && decision.kind !== 'dead-letter') return undefined;
    const { record, step } = this.addressed;
    const { group } = this.context;
    const attempts = this.attemptsInAll;
    const failed = { record, group, handler: binding.name, attempts, error, thrown: describeThrown(error) };
    return decision.kind === 'dead-letter'
      ? deadLetter(this.deadLetterTopic, failed)
      : retryLater(decision.delay, step + 1, failed);
  }

  /** Until it is stored, or is to be stored with the position, the record holds its lane. */
  private publish(publication: Publication): Verdict | Promise<Verdict> {
    if (!this.scope.takesMoved) return this.store(publication);
    const output = { ...recordToSend(publication.outgoing), stored: () => this.countMoved(publication) };
    this.outputs = [...(this.outputs ?? []), output];
    return this.moved(publication);
  }

  private async store(publication: Publication): Promise<Verdict> {
    const stored = await storeElsewhere(publication, this.context, this.scope.aborted);
    return typeof stored === 'object' && 'topic' in stored ? this.moved(publication, stored) : stored;
  }

  /** @param stored where; without it, it goes with the position */
  private moved(publication: Publication, stored?: PublishedRecord): Verdict | Promise<Verdict> {
    this.publication = undefined;
    reportMove(this.context.logger, publication, stored);
    if (stored) this.countMoved(publication);
    if (this.outcome === 'skipped') this.outcome = 'moved';
    return this.next() ?? this.proceed();
  }

  private countMoved(publication: Publication): void {
    this.context.counts[publication.isRetry ? 'retriedLater' : 'deadLettered']++;
    this.observation?.moved(publication);
  }

  private async commit(): Promise<void> {
    if (this.turn < this.handlers.length - 1) {
      const others = this.handlers.slice(this.turn + 1).map(({ name }) => name);
      throw new AcknowledgementError(
        `${nameOf(this.addressed.record)} cannot be committed yet: ${others.join(', ')} has still to handle it`,
      );
    }
    const { outputs } = this;
    this.outputs = undefined; // they go with this commit: none may follow
    this.isCommitted = true;
    await this.scope.commit(outputs);
  }
}

function withDelay(decision: Decision, delayMs: number | undefined): Decision {
  return decision.kind === 'retry' && delayMs !== undefined ? { ...decision, delayMs } : decision;
}
