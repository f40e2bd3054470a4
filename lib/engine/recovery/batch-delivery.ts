import { BatchError } from '../../messaging/errors.js';
import type { ConsumedRecord } from '../client/consumer-client.js';
import { KafkaMessage } from '../decode/kafka-message.js';
import { placeFields } from '../log-fields.js';
import type { BatchBinding, HandlerBinding } from '../handler-binding.js';
import type { Failure, Result } from './attempt.js';
import { BatchAttempt } from './batch-attempt.js';
import { decide, type Decision } from './decide.js';
import { consequenceOf, decisionFields, reportFailure } from './failure-report.js';
import { Delivery } from './delivery.js';
import type { DeliveryContext, DeliveryScope } from './delivery-context.js';
import type { LaneDelivery, Verdict } from './lane-delivery.js';
import { isWatched, Observation, toConsequence } from './observation.js';
import { address, type Addressed } from './redelivery.js';

/** What a batch has of its partition. */
export interface BatchScope extends Pick<DeliveryScope, 'aborted'> {
  /** A record is done with, though others of the batch are not. */
  completeEarly(offset: number): void;
}

/** A record that is handled by itself after its batch has failed. */
interface Single {
  readonly offset: number;
  readonly delivery: Delivery;

  /** What its batch failed with for it, if that is known: this was its attempt. */
  failure: Failure | undefined;
  hasBegun: boolean;
}

/**
 * The way of a batch through its handler: all of it at once, until that succeeds or is not to be tried again. Then those that
 * failed, or if nobody says which, all of them, go the way of single records one by one.
 */
export class BatchDelivery implements LaneDelivery {
  readonly outputs = undefined;
  readonly size: number;
  private readonly records: readonly ConsumedRecord[];
  private readonly messages: readonly KafkaMessage[];

  /** Redriven for others. */
  private readonly foreign: Addressed[];
  private attempts = 0;
  private singles: Single[] | undefined;
  private readonly observation: Observation | undefined;

  constructor(
    records: readonly ConsumedRecord[],
    private readonly binding: HandlerBinding & { readonly batch: BatchBinding },
    private readonly scope: BatchScope,
    private readonly context: DeliveryContext,
  ) {
    this.size = records.length;
    const addressed = records.map((record) => this.addressOf(record));
    this.foreign = addressed.filter(({ handlers }) => handlers.length === 0);
    this.records = addressed.filter(({ handlers }) => handlers.length > 0).map(({ record }) => record);
    this.messages = this.records.map((record) => new KafkaMessage(record, binding.deserializerOf(record.topic)));
    if (this.messages.length > 0 && isWatched(context))
      this.observation = new Observation(context, this.messages, context.group, scope.aborted);
  }

  attempt(): Verdict | Promise<Verdict> {
    if (this.attempts === 0) this.observation?.received();
    const verdict = this.proceed();
    return this.observation ? this.observation.follow(verdict) : verdict;
  }

  private async proceed(): Promise<Verdict> {
    if (this.singles) return this.oneByOne(this.singles);
    this.passBy();
    if (this.records.length === 0) return 'skipped';
    this.attempts++;
    this.observation?.started();
    const unprepared = await this.prepare();
    if (!unprepared && this.scope.aborted.aborted) return 'abandoned'; // lost meanwhile
    const result = unprepared ?? (await this.run());
    if (!result) {
      this.observation?.succeeded(this.binding.name, this.attempts);
      return this.outcome('handled');
    }
    const isAborted = this.scope.aborted.aborted; // then it is the abort's doing, not the records'
    if (isAborted && this.binding.classify(result.error) !== 'skip') return 'abandoned';
    return this.failed(result.error);
  }

  private addressOf(record: ConsumedRecord): Addressed {
    return address(record, [this.binding], this.context.group, false);
  }

  private passBy(): void {
    for (const addressed of this.foreign.splice(0)) {
      void this.alone(addressed).attempt(); // which finds no handler
      this.scope.completeEarly(addressed.record.offset);
    }
  }

  private async prepare(): Promise<Result> {
    try {
      await (this.observation ? this.observation.run(() => this.decode()) : this.decode());
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  private run(): Result | Promise<Result> {
    const { group, logger } = this.context;
    const scope = { group, logger, aborted: this.scope.aborted, commit: () => Promise.resolve() };
    const attempt = new BatchAttempt(this.binding, this.messages, this.attempts, scope);
    return this.observation ? this.observation.run(() => attempt.run()) : attempt.run();
  }

  private async decode(): Promise<void> {
    for (const message of this.messages) if (message.isToBePrepared) await message.prepare();
  }

  private failed(error: unknown): Verdict | Promise<Verdict> {
    const failures = error instanceof BatchError ? this.failuresOf(error) : undefined;
    if (failures) return this.split(failures, error);
    const decision = decide(error, { attempt: this.attempts, step: 0 }, this.binding);
    this.context.counts.failedAttempts++;
    const isSplit = splits(decision);
    const consequence = isSplit
      ? ({ consequence: 'split', exhausted: decision.exhausted } as const)
      : toConsequence(decision);
    this.observation?.failed(this.binding.name, this.attempts, error, consequence);
    this.report(decision, error);
    if (decision.kind === 'retry') return { retryInMs: decision.delayMs };
    if (!isSplit) {
      this.observation?.skipped();
      return this.outcome('skipped');
    }
    this.singles = this.records.map((record) => this.single(record));
    return this.oneByOne(this.singles);
  }

  private outcome(outcome: 'handled' | 'skipped'): Verdict {
    this.context.counts[outcome] += this.records.length;
    return outcome;
  }

  /** What is known to have failed, by index; `undefined` when it is not of this batch. */
  private failuresOf({ failures }: BatchError): Map<number, Failure> | undefined {
    const found = failures.map(
      ({ message, error }) => [this.messages.indexOf(message as KafkaMessage), { error }] as const,
    );
    return found.every(([index]) => index >= 0) ? new Map(found) : undefined;
  }

  /** The others are done with. */
  private split(failures: ReadonlyMap<number, Failure>, error: unknown): Promise<Verdict> {
    const succeeded = this.records.filter((_, index) => !failures.has(index));
    const handled = this.messages.filter((_, index) => !failures.has(index));
    for (const { offset } of succeeded) this.scope.completeEarly(offset);
    this.observation?.split(this.binding.name, this.attempts, error, handled);
    this.context.counts.handled += succeeded.length;
    this.singles = this.records.flatMap((record, index) => {
      const failure = failures.get(index);
      return failure ? [this.single(record, failure)] : [];
    });
    return this.oneByOne(this.singles);
  }

  private single(record: ConsumedRecord, failure?: Failure): Single {
    return { offset: record.offset, delivery: this.alone(this.addressOf(record)), failure, hasBegun: false };
  }

  private alone(addressed: Addressed): Delivery {
    const { aborted } = this.scope;
    const commit = (): Promise<void> => Promise.reject(BatchAttempt.uncommittable(this.binding.name));
    return new Delivery(addressed, { aborted, commit }, this.context);
  }

  private async oneByOne(singles: Single[]): Promise<Verdict> {
    for (let [next] = singles; next; [next] = singles) {
      const verdict = await this.attemptAlone(next);
      if (typeof verdict === 'object' || verdict === 'abandoned' || verdict === 'stopped') return verdict;
      this.scope.completeEarly(next.offset);
      singles.shift();
      if (this.scope.aborted.aborted && singles.length > 0) return 'abandoned';
    }
    return 'handled';
  }

  /** The last attempt of the batch is made once more, or has failed already. */
  private attemptAlone(single: Single): Verdict | Promise<Verdict> {
    if (single.hasBegun) return single.delivery.attempt();
    single.hasBegun = true;
    const { failure } = single;
    return single.delivery.resume(failure ? this.attempts : this.attempts - 1, failure, this.observation?.startedAt);
  }

  private report(decision: Decision, error: unknown): void {
    const { topic, partition, offset } = this.messages[0]!;
    const place = `${topic}-${partition}@${offset} to ${this.messages.at(-1)!.offset}`;
    const what = `${this.binding.name} failed on the ${this.records.length} messages ${place}`;
    const consequence = splits(decision) ? 'handling them one by one' : consequenceOf(decision);
    const fields = {
      event: 'failed' as const,
      group: this.context.group,
      ...placeFields({ topic, partition, offset }),
      records: this.size,
      handler: this.binding.name,
      ...(splits(decision) ? { consequence: 'split' } : decisionFields(decision)),
    };
    const failed = { what, attempt: this.attempts, isLast: decision.exhausted, consequence, fields };
    reportFailure(this.context.logger, failed, error);
  }
}

/** Whether the messages are handled one by one from then on. */
function splits(decision: Decision): boolean {
  return decision.kind !== 'retry' && (decision.kind !== 'skip' || decision.exhausted);
}
