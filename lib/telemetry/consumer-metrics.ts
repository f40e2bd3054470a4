import type { Attributes } from '@opentelemetry/api';
import type { Meter, Thrown } from '../engine/recovery/watchers.js';
import {
  ConsumerObserver,
  type CommitFailedEvent,
  type CommittedEvent,
  type DeadLetteredEvent,
  type MessagesEvent,
  type RebalancedEvent,
  type RetriedEvent,
} from '../messaging/consumer-observer.js';
import type { AttributeSets } from './attribute-sets.js';
import { ByPlace } from './by-place.js';
import type { ErrorTypes } from './error-types.js';
import type { Guard } from './guard.js';
import type { Instruments } from './instruments.js';
import { attribute } from './names.js';
import type { PublishMetrics } from './publish-metrics.js';
import type { Count } from './tally.js';

const succeeded = '';

/** Counts and times what a consumer does. */
export class ConsumerMetrics extends ConsumerObserver implements Meter {
  private readonly attempts = new ByPlace<Attributes, string>((group, topic, errorType) =>
    this.sets.attempt(group, topic, errorType === succeeded ? undefined : errorType),
  );
  private readonly consumed = new ByPlace<Count, number>((group, topic, partition) =>
    this.instruments.consumed.of(this.sets.consumed(group, topic, partition)),
  );

  constructor(
    private readonly instruments: Instruments,
    private readonly publishing: PublishMetrics,
    private readonly sets: AttributeSets,
    private readonly errorTypes: ErrorTypes,
    private readonly guard: Guard,
  ) {
    super();
  }

  attempted({ group, topic }: MessagesEvent, durationMs: number, failure?: Thrown): void {
    try {
      const errorType = failure ? this.errorTypes.of(failure.error) : succeeded;
      this.instruments.processDuration.record(durationMs / 1_000, this.attempts.of(group, topic, errorType));
    } catch (error) {
      this.guard.report(error);
    }
  }

  sent(records: readonly { readonly topic: string }[], durationMs: number, failure?: Thrown): void {
    const sent = records.map(({ topic }) => ({ topic, failure }));
    this.guard.call(() => this.publishing.sent(sent, durationMs), undefined);
  }

  override received({ group, topic, partition, messages }: MessagesEvent): void {
    this.consumed.of(group, topic, partition).value += messages.length;
  }

  override retried({ group, topic, messages, error, retryTopic }: RetriedEvent): void {
    const place = this.sets.place(group, topic, this.errorTypes.of(error));
    const kind = { [attribute.retryKind]: retryTopic === undefined ? 'lane' : 'topic' };
    this.instruments.retries.of({ ...place, ...kind }).value += messages.length;
  }

  override deadLettered({ group, topic, error }: DeadLetteredEvent): void {
    this.instruments.deadLetters.of(this.sets.place(group, topic, this.errorTypes.of(error))).value++;
  }

  override skipped({ group, topic, messages }: MessagesEvent): void {
    this.instruments.skips.of(this.sets.place(group, topic)).value += messages.length;
  }

  override committed({ group, durationMs }: CommittedEvent): void {
    this.committing(group, durationMs);
  }

  override commitFailed({ group, durationMs, error }: CommitFailedEvent): void {
    this.committing(group, durationMs, this.errorTypes.of(error));
  }

  override rebalanced({ group, change }: RebalancedEvent): void {
    this.instruments.rebalances.of({ ...this.sets.group(group), [attribute.rebalanceChange]: change }).value++;
  }

  private committing(group: string, durationMs: number, errorType?: string): void {
    this.instruments.commits.of(this.sets.group(group, errorType)).value++;
    this.instruments.operationDuration.record(durationMs / 1_000, this.sets.commitDuration(group, errorType));
  }
}
