import type { Context, Link, TextMapGetter } from '@opentelemetry/api';
import type { Tracer } from '../engine/recovery/watchers.js';
import type { Message } from '../messaging/message.js';
import type { Guard } from './guard.js';
import { ProcessSpan } from './process-span.js';
import { messageAttributes, processAttributes } from './span-attributes.js';
import type { Tracing } from './tracing.js';

/** Headers as propagators read them. */
const headers: TextMapGetter<Message> = {
  get: (message, name) => message.headers[name],
  keys: (message) => Object.keys(message.headers),
};

/** Makes a span of the processing of a message, below what its producer has told of; of a batch, one that is linked to them all. */
export class ProcessTracer implements Tracer {
  constructor(
    private readonly tracing: Tracing,
    private readonly guard: Guard,
  ) {}

  get isOn(): boolean {
    return this.tracing.isOn;
  }

  begin(messages: readonly Message[], group: string): ProcessSpan | undefined {
    return this.guard.call(() => this.start(messages, group), undefined);
  }

  private start(messages: readonly Message[], group: string): ProcessSpan {
    const { api, tracer } = this.tracing;
    const [first] = messages;
    const isBatch = messages.length > 1;
    const parent = isBatch ? api.ROOT_CONTEXT : this.origin(first!);
    const options = {
      kind: api.SpanKind.CONSUMER,
      attributes: processAttributes(messages, group),
      links: isBatch ? messages.flatMap((message) => this.link(message)) : [],
    };
    const span = tracer.startSpan(`process ${first!.topic}`, options, parent);
    return new ProcessSpan(span, api.trace.setSpan(parent, span), api, this.guard);
  }

  /** Below the root: what happens to be active when records arrive has nothing to do with them. */
  private origin(message: Message): Context {
    const { api } = this.tracing;
    return api.propagation.extract(api.ROOT_CONTEXT, message, headers);
  }

  private link(message: Message): Link[] {
    const context = this.tracing.api.trace.getSpanContext(this.origin(message));
    return context ? [{ context, attributes: messageAttributes(message) }] : [];
  }
}
