import type { MessageHandlerOptions } from '../decorators/message-handler.decorator.js';
import type { KafkaSettings } from '../config/kafka-settings.js';
import { describeValue } from '../config/describe-value.js';
import type { DeadLetterPolicy, HandlerBinding } from '../engine/handler-binding.js';
import { isPromise } from '../engine/at-once.js';
import { classifierOf } from '../engine/recovery/classify.js';
import { NonRetriableError } from '../messaging/errors.js';
import type { Format } from '../messaging/format.js';
import { deserializerOf, formatOf, type TopicFormats } from '../messaging/formats.js';
import { takesTopic, type TopicPattern } from '../engine/topic-pattern.js';
import { batchOfOne, type BatchMethod } from './batching.js';
import { bindingFaults } from './binding-faults.js';
import { HandlerBindingError } from './handler-binding.error.js';
import type { HandlerDefinition } from './handler-definition.js';

/** What a handler has where its decorator says nothing. */
export type RouteDefaults = Pick<
  KafkaSettings,
  | 'group'
  | 'format'
  | 'formats'
  | 'retry'
  | 'nonRetriable'
  | 'classify'
  | 'deadLetter'
  | 'onExhausted'
  | 'processingOrder'
  | 'handlerTimeoutMs'
  | 'ackTimeoutMs'
>;

const attemptsBeforeDeadLetter = 5;

interface Route {
  pattern: TopicPattern;
  binding: HandlerBinding;
}

/** Which handlers take which topics. Made once from what the explorer found. */
export class TopicRouter {
  private readonly routes: readonly Route[];
  private readonly byTopic = new Map<string, readonly HandlerBinding[]>();

  /** @throws HandlerBindingError that lists every handler that cannot be bound */
  constructor(definitions: readonly HandlerDefinition[], defaults: RouteDefaults) {
    const faults = bindingFaults(definitions, defaults.group);
    if (faults.length > 0) throw new HandlerBindingError(faults);
    this.routes = definitions.flatMap((definition) => {
      const binding = bind(definition, defaults);
      return definition.topics.map((pattern) => ({ pattern, binding }));
    });
    const unordered = this.routes.filter(({ binding }) => binding.batch && binding.order === 'unordered');
    if (unordered.length > 0) throw new HandlerBindingError(unordered.map(unorderedFault));
    const circles = this.routes.filter(({ pattern, binding }) => pattern === ownDeadLetterTopic(binding));
    if (circles.length > 0) throw new HandlerBindingError(circles.map(circleFault));
  }

  /** The topics and patterns of all handlers, each once. */
  get patterns(): TopicPattern[] {
    return [...new Map(this.routes.map(({ pattern }) => [String(pattern), pattern])).values()];
  }

  /** The handlers of a topic, in the order they were found. */
  handlersOf(topic: string): readonly HandlerBinding[] {
    let handlers = this.byTopic.get(topic);
    if (!handlers) {
      handlers = this.routes.filter(({ pattern }) => takesTopic(pattern, topic)).map(({ binding }) => binding);
      this.byTopic.set(topic, handlers);
    }
    return handlers;
  }

  /** Whether some handler's outputs are stored with its positions. */
  get isTransactional(): boolean {
    return this.routes.some(({ binding }) => binding.serialize !== undefined);
  }

  /** A line for each route, `topic → Class.method`. */
  describe(): string[] {
    return this.routes.map(({ pattern, binding }) => `Mapped {${String(pattern)}} to ${binding.name}`);
  }

  /** Handlers that an explicit list of topics leaves out. */
  unlisted(topics: readonly string[]): string[] {
    const isListed = ({ pattern }: Route): boolean => topics.some((topic) => takesTopic(pattern, topic));
    return this.routes
      .filter((route) => !isListed(route))
      .map(
        ({ pattern, binding }) =>
          `${binding.name} takes ${String(pattern)}, which the option topics does not list: it gets no records`,
      );
  }
}

function bind({ name, handle, serialize, options, batch }: HandlerDefinition, defaults: RouteDefaults): HandlerBinding {
  const { lane, concurrency, rateLimit, onExhausted = defaults.onExhausted } = options;
  const ackTimeoutMs = options.ackTimeoutMs ?? defaults.ackTimeoutMs;
  const { retryTopics = [], nonRetriable = defaults.nonRetriable, classify = defaults.classify } = options;
  const deadLetter = deadLetterPolicy(options.deadLetter ?? defaults.deadLetter);
  const retry = { ...defaults.retry, ...withoutUndefined(options.retry ?? {}) };
  return {
    name,
    ...(batch ? batchHandling(handle as unknown as BatchMethod, batch) : { handle: handle! }),
    order: options.processingOrder ?? (lane ? 'key' : defaults.processingOrder),
    lane,
    deserializerOf: deserializers(options.format, defaults),
    idempotencyKey: idempotencyKey(options.idempotent),
    serialize,
    when: condition(options.when),
    concurrency,
    rateLimit,
    timeoutMs: options.handlerTimeoutMs ?? defaults.handlerTimeoutMs,
    ackTimeoutMs: options.ack === 'manual' ? ackTimeoutMs : undefined,
    classify: classifierOf(classify, nonRetriable),
    retry: { ...retry, maxAttempts: retry.maxAttempts ?? defaultAttempts(retryTopics, deadLetter) },
    retryTopics,
    deadLetter,
    onExhausted,
  };
}

function batchHandling(
  handle: BatchMethod,
  limits: NonNullable<HandlerDefinition['batch']>,
): Pick<HandlerBinding, 'handle' | 'batch'> {
  return { handle: batchOfOne(handle), batch: { ...limits, handle } };
}

/** Asked for every record: what is the same for all topics is not looked up. */
function deserializers(own: Format | undefined, defaults: TopicFormats): HandlerBinding['deserializerOf'] {
  const forAll = deserializerOf(own ?? defaults.format);
  if (own !== undefined || Object.keys(defaults.formats).length === 0) return () => forAll;
  return (topic) => deserializerOf(formatOf(topic, defaults));
}

function ownDeadLetterTopic({ deadLetter }: HandlerBinding): string | undefined {
  return typeof deadLetter?.topic === 'string' ? deadLetter.topic : undefined;
}

function unorderedFault({ binding }: Route): string {
  return (
    `${binding.name} takes batches, which are of one partition or one key, and the module's processingOrder is 'unordered'; ` +
    "give it processingOrder: 'partition' or 'key'"
  );
}

function circleFault({ pattern, binding }: Route): string {
  return (
    `${binding.name} takes "${String(pattern)}", to which its own dead letters would go, and come back for ever; ` +
    'give it deadLetter: false, or another topic'
  );
}

function condition(when: MessageHandlerOptions['when']): HandlerBinding['when'] {
  if (when === undefined || typeof when === 'function') return when;
  const expected = [when.equals].flat();
  return ({ headers }) => [headers[when.header] ?? []].flat().some((value) => expected.includes(value));
}

function idempotencyKey(option: MessageHandlerOptions['idempotent']): HandlerBinding['idempotencyKey'] {
  if (!option) return undefined;
  const own = option === true ? undefined : option.key;
  if (own) return (message) => keyOf(own(message));
  return ({ topic, partition, offset }) => `${topic}-${partition}@${offset}`;
}

/** What is no key would be that of many messages, of which all but the first would be left out. */
function keyOf(key: unknown): string {
  if ((typeof key === 'string' && key !== '') || Number.isFinite(key)) return String(key);
  const got = isPromise(key) ? 'a promise' : describeValue('key', key);
  throw new NonRetriableError(`idempotent.key: expected text that is not empty, got ${got}`);
}

function deadLetterPolicy(option: KafkaSettings['deadLetter']): DeadLetterPolicy | undefined {
  return option === true ? {} : option || undefined;
}

/** Without a limit nothing would ever get to where the handler wants it. */
function defaultAttempts(retryTopics: readonly string[], deadLetter: DeadLetterPolicy | undefined): number {
  if (retryTopics.length > 0) return 1;
  return deadLetter ? attemptsBeforeDeadLetter : Infinity;
}

function withoutUndefined<T extends object>(source: T): Partial<T> {
  return Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined)) as Partial<T>;
}
