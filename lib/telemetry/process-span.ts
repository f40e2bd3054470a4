import type { Context, Span } from '@opentelemetry/api';
import type { FailedTry, Trace } from '../engine/recovery/watchers.js';
import type { Guard } from './guard.js';
import type { OpenTelemetry } from './opentelemetry.js';
import { recordException, setFailed } from './span-failure.js';

type Verdict = Parameters<Trace['end']>[0];

/** The processing of a message, or of a batch, as a span: all attempts that are made of it here. */
export class ProcessSpan implements Trace {
  private hasEnded = false;

  constructor(
    private readonly span: Span,

    /** What is active while a handler runs. */
    private readonly context: Context,
    private readonly api: OpenTelemetry,
    private readonly guard: Guard,
  ) {}

  run<T>(call: () => T): T {
    return this.api.context.with(this.context, call);
  }

  failed(failed: FailedTry): void {
    if (!this.hasEnded) this.guard.call(() => this.note(failed), undefined);
  }

  end(verdict: Verdict): void {
    if (!this.hasEnded) this.guard.call(() => this.conclude(verdict), undefined);
  }

  private note(failed: FailedTry): void {
    recordException(this.span, failed.error);
    const isToBeRetried = failed.consequence === 'retry' || failed.consequence === 'retry-topic';
    if (isToBeRetried) this.span.addEvent('retry', retryAttributes(failed));
    if (isFailure(failed)) setFailed(this.span, failed.error, this.api);
    if (failed.consequence === 'split') this.finish(); // each goes on with a span of its own
  }

  private conclude(verdict: Verdict): void {
    if (verdict === 'abandoned') {
      const message = 'abandoned: the partition was given up or lost';
      this.span.setStatus({ code: this.api.SpanStatusCode.ERROR, message });
    }
    this.finish();
  }

  private finish(): void {
    this.hasEnded = true;
    this.span.end();
  }
}

/** Whether the messages are given up on here; a handler that asks for one to be skipped has done what it was to do. */
function isFailure({ consequence, exhausted }: FailedTry): boolean {
  if (consequence === 'skip') return exhausted;
  return consequence === 'dead-letter' || consequence === 'stop' || consequence === 'split';
}

function retryAttributes({ attempt, consequence, delayMs }: FailedTry): Record<string, string | number> {
  return {
    'kafka.consumer.retry.kind': consequence === 'retry' ? 'lane' : 'topic',
    'kafka.consumer.retry.attempt': attempt,
    ...(delayMs === undefined ? {} : { 'kafka.consumer.retry.delay': delayMs / 1_000 }),
  };
}
