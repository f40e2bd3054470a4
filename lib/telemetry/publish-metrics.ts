import type { Attributes } from '@opentelemetry/api';
import type { AttributeSets } from './attribute-sets.js';
import { ByPlace } from './by-place.js';
import type { ErrorTypes } from './error-types.js';
import type { Instruments } from './instruments.js';
import type { Count } from './tally.js';

/** What became of a message: where it was to go, and what has kept it from being stored. */
export interface Sent {
  readonly topic: string;
  readonly failure?: { readonly error: unknown } | undefined;
}

/** Calls that ended alike. */
interface Outcome {
  readonly sent: Count;
  readonly duration: Attributes;
}

const everyGroup = '';
const succeeded = '';

/** Counts and times what an application publishes. */
export class PublishMetrics {
  private readonly outcomes = new ByPlace<Outcome, string>((_, topic, errorType) =>
    this.outcome(topic, errorType === succeeded ? undefined : errorType),
  );

  constructor(
    private readonly instruments: Instruments,
    private readonly sets: AttributeSets,
    private readonly errorTypes: ErrorTypes,
  ) {}

  /** Of messages that were published in one call: each is counted, and the call is timed once for each topic and outcome. */
  sent(messages: readonly Sent[], durationMs: number): void {
    const outcomes = new Set<Outcome>();
    for (const { topic, failure } of messages) {
      const outcome = this.outcomes.of(everyGroup, topic, failure ? this.errorTypes.of(failure.error) : succeeded);
      outcome.sent.value++;
      outcomes.add(outcome);
    }
    for (const { duration } of outcomes) this.instruments.operationDuration.record(durationMs / 1_000, duration);
  }

  private outcome(topic: string, errorType: string | undefined): Outcome {
    const sent = this.instruments.sent.of(this.sets.sent(topic, errorType));
    return { sent, duration: this.sets.sendDuration(topic, errorType) };
  }
}
