import type { Context, Span } from '@opentelemetry/api';
import type { OutgoingMessage, PublishedRecord } from '../messaging/producer.js';
import { attribute } from './names.js';
import { publishAttributes } from './span-attributes.js';
import { recordException, setFailed } from './span-failure.js';
import type { Tracing } from './tracing.js';

type Headers = NonNullable<OutgoingMessage['headers']>;

/** A message with the span of its publication, of which its headers tell. */
export interface TracedMessage {
  readonly message: OutgoingMessage;
  readonly span: Span;
}

/** Makes a span for each message that is published, and tells its consumers of it. */
export class PublishTracer {
  constructor(private readonly tracing: Tracing) {}

  get isOn(): boolean {
    return this.tracing.isOn;
  }

  /** @param kind `create` of one that is sent later */
  begin(message: OutgoingMessage, kind: 'send' | 'create' = 'send'): TracedMessage {
    const { api, tracer } = this.tracing;
    const parent = api.context.active();
    const own = this.ownContext(message);
    const options = {
      kind: api.SpanKind.PRODUCER,
      attributes: publishAttributes(kind, message),
      links: own ? [{ context: own }] : [],
    };
    const span = tracer.startSpan(`${kind} ${message.topic}`, options, parent);
    if (own) return { message, span };
    const told = this.headersFor(api.trace.setSpan(parent, span));
    return { message: { ...message, headers: { ...told, ...message.headers } }, span };
  }

  stored(span: Span, { partition, offset }: PublishedRecord): void {
    span.setAttributes({ [attribute.partition]: String(partition), [attribute.offset]: Number(offset) });
    span.end();
  }

  failed(span: Span, error: unknown): void {
    recordException(span, error);
    setFailed(span, error, this.tracing.api);
    span.end();
  }

  /** Of a message that tells of a trace already, such as one that is passed on as it came. */
  private ownContext({ headers }: OutgoingMessage) {
    const { api } = this.tracing;
    if (!headers) return undefined;
    const get = (carrier: Headers, name: string): string | undefined => text(carrier[name]);
    const context = api.propagation.extract(api.ROOT_CONTEXT, headers, { get, keys: Object.keys });
    return api.trace.getSpanContext(context);
  }

  private headersFor(context: Context): Headers {
    const headers: Headers = {};
    const set = (carrier: Headers, name: string, value: string): void => void (carrier[name] = value);
    this.tracing.api.propagation.inject(context, headers, { set });
    return headers;
  }
}

function text(value: Headers[string] | undefined): string | undefined {
  const [first] = [value].flat();
  return first === undefined ? undefined : String(first);
}
