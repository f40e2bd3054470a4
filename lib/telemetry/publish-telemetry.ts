import type { PublishWatcher, WatchedPublish } from '../engine/client/produce/publish-watcher.js';
import type { OutgoingMessage, PublishedRecord } from '../messaging/producer.js';
import type { Guard } from './guard.js';
import type { PublishMetrics } from './publish-metrics.js';
import type { PublishTracer, TracedMessage } from './publish-tracer.js';

/** Measures and traces what an application publishes. */
export class PublishTelemetry implements PublishWatcher {
  /** @param metrics nothing while nobody collects them */
  constructor(
    private readonly tracer: PublishTracer,
    private readonly metrics: () => PublishMetrics | undefined,
    private readonly guard: Guard,
  ) {}

  begin(messages: OutgoingMessage[]): WatchedPublish | undefined {
    return this.guard.call(() => this.watch(messages), undefined);
  }

  create(messages: readonly OutgoingMessage[]): readonly OutgoingMessage[] {
    return this.tracer.isOn
      ? this.guard.call(() => messages.map((message) => this.created(message)), messages)
      : messages;
  }

  private watch(messages: OutgoingMessage[]): WatchedPublish | undefined {
    const metrics = this.metrics();
    const traced = this.tracer.isOn ? messages.map((message) => this.tracer.begin(message)) : undefined;
    if (!metrics && !traced) return undefined;
    const sent = traced?.map(({ message }) => message) ?? messages;
    return new Publishing(sent, traced, this.tracer, metrics, this.guard);
  }

  private created(message: OutgoingMessage): OutgoingMessage {
    const created = this.tracer.begin(message, 'create');
    created.span.end();
    return created.message;
  }
}

type Result = PromiseSettledResult<PublishedRecord>;

/** A call of `publish` or `publishBatch`. */
class Publishing implements WatchedPublish {
  private readonly startedAt = performance.now();
  private hasEntered = false;

  constructor(
    readonly messages: OutgoingMessage[],
    private readonly traced: readonly TracedMessage[] | undefined,
    private readonly tracer: PublishTracer,
    private readonly metrics: PublishMetrics | undefined,
    private readonly guard: Guard,
  ) {}

  entered(): void {
    this.hasEntered = true;
  }

  settled(results: readonly Result[]): void {
    this.guard.call(() => this.tell(results), undefined);
  }

  failed(error: unknown): void {
    this.settled(this.messages.map(() => ({ status: 'rejected', reason: error })));
  }

  private tell(results: readonly Result[]): void {
    if (this.hasEntered) this.measure(results);
    this.traced?.forEach(({ span }, at) => {
      const result = results[at]!;
      if (result.status === 'fulfilled') this.tracer.stored(span, result.value);
      else this.tracer.failed(span, result.reason);
    });
  }

  private measure(results: readonly Result[]): void {
    const sent = results.map((result, at) => ({ topic: this.messages[at]!.topic, failure: failureOf(result) }));
    this.metrics?.sent(sent, performance.now() - this.startedAt);
  }
}

function failureOf(result: Result): { error: unknown } | undefined {
  return result.status === 'rejected' ? { error: result.reason as unknown } : undefined;
}
