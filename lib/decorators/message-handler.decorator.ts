import 'reflect-metadata';
import type { DeadLetterOptions, ExhaustedPolicy, RetryOptions } from '../config/kafka-options.js';
import type { FailureClassifier, NonRetriable } from '../messaging/failure-class.js';
import { MESSAGE_HANDLER_METADATA } from '../kafka.constants.js';
import { MessagingError } from '../messaging/errors.js';
import type { Format } from '../messaging/format.js';
import type { Message } from '../messaging/message.js';
import type { OutgoingMessage } from '../messaging/producer.js';
import type { ProcessingOrder } from '../messaging/processing-order.js';

/**
 * What a single handler may have otherwise than its module.
 *
 * @publicApi
 */
export interface MessageHandlerOptions {
  /** The connection to consume from, by the `name` given to `forRoot`. @default 'default' */
  connection?: string;

  /**
   * The consumer group of this handler, in place of the connection's: it gets every record of its topics, too, at a pace and with
   * offsets of its own.
   *
   * @default the option `group` of the connection
   */
  group?: string;

  /** What payloads are: see {@link Format}. @default the module's `format` */
  format?: Format;

  /**
   * Which messages of the topics the handler takes: those with a header of a value, or of one of some values; or those for which a
   * function of the message returns `true`. A function that throws fails the attempt, as the handler would.
   *
   * @default all
   */
  when?: HeaderCondition | ((message: Message) => boolean);

  /**
   * Where the handler's result is published before its message is completed: a topic, which gets the result under the message's key
   * unless it is `undefined`; or a function that makes the messages of it. When that fails, the attempt has failed.
   *
   * @default nowhere
   */
  publishTo?: string | ((result: unknown, message: Message) => OutgoingMessage | OutgoingMessage[] | undefined);

  /**
   * Whether what the handler publishes, by `context.publish()` or {@link publishTo}, and the position of its partition are stored in
   * one transaction: who reads committed records only sees each result once, whatever fails. What it does elsewhere is not in it.
   *
   * @default false
   */
  transactional?: boolean;

  /**
   * Whether a message that was handled before is left out, by the application's {@link IdempotencyStore}: so that one that is
   * delivered again, after a crash say, has no second effect.
   *
   * @default false
   */
  idempotent?: boolean | IdempotencyOptions;

  /** Members that are set win over the module's `retry`. @default the module's */
  retry?: RetryOptions;

  /**
   * Delays (`'500ms'`, `'10s'`, `'5m'`, `'1h'`, `'1d'`), each of a topic of its own in which a message waits for another attempt once those in
   * its lane are used up: `<topic>.retry.<group>.<delay>`. Other messages go on meanwhile, also those of the same key: **the order is lost.**
   *
   * @default []
   */
  retryTopics?: readonly string[];

  /** In place of the module's. @default the module's `nonRetriable` */
  nonRetriable?: readonly NonRetriable[];

  /** @default the module's `classify` */
  classify?: FailureClassifier;

  /** @default the module's `deadLetter` */
  deadLetter?: boolean | DeadLetterOptions;

  /** @default the module's `onExhausted` */
  onExhausted?: ExhaustedPolicy;

  /**
   * See `KafkaOptions.processingOrder`. Handlers of one topic share its lanes: the strictest of their orders holds.
   *
   * @default the module's, or 'key' with a {@link lane}
   */
  processingOrder?: ProcessingOrder;

  /**
   * What stands for the record's key in `'key'` order. A message of which it throws goes to the lane of those without a key; so do
   * all of which it reads the payload, where the format is `eager`.
   *
   * @default the record's key
   */
  lane?: (message: Message) => string;

  /** Messages that this handler has in flight at most, per consumer, over all of its topics. @default the module's */
  concurrency?: number;

  /** Calls of this handler a second at most, per consumer, over all of its topics; retries count. @default no limit */
  rateLimit?: number;

  /** @default the module's `handlerTimeoutMs` */
  handlerTimeoutMs?: number;

  /**
   * `'manual'`: a message is completed by `context.ack()`, before the handler has returned or after; `context.nack()`, or no
   * answer within {@link ackTimeoutMs} of its return, counts as a failed attempt. `'auto'`: returning completes it.
   *
   * @default 'auto'
   */
  ack?: 'auto' | 'manual';

  /** @default the module's `ackTimeoutMs` */
  ackTimeoutMs?: number;
}

/** @publicApi */
export interface IdempotencyOptions {
  /** What the message is known by; one of which it returns nothing is never retried. @default its topic, partition and offset */
  key?: (message: Message) => string;

  /**
   * Who remembers the key: `'after'`, it is remembered once the handler has succeeded; a crash in between repeats it. `'handler'`, the
   * handler calls `store.remember(context.idempotencyKey, transaction)` within the transaction of its own effect.
   *
   * @default 'after'
   */
  remember?: 'after' | 'handler';
}

/**
 * A header that a message has to have.
 *
 * @publicApi
 */
export interface HeaderCondition {
  header: string;
  equals: string | readonly string[];
}

/** One use of `@MessageHandler`. */
export interface MessageHandlerMetadata {
  topics: readonly (string | RegExp)[];
  options: MessageHandlerOptions;

  /** Of `@BatchHandler`. */
  batch?: { maxSize: number; maxWaitMs: number } | undefined;
}

/**
 * Marks a method of a provider or controller, or a class that implements `Handler`, as the handler of topics. May be
 * used more than once on the same method. The method is called with `(message: Message, context: HandlerContext)`.
 *
 * `${path}` in a topic stands for what the application's `ConfigService` has at that path.
 *
 * A RegExp is matched against the names of existing topics, now and later; it never takes internal (`__…`),
 * dead-letter (`….dlq`) or retry (`….retry.…`) topics.
 *
 * @example
 * ```ts
 * @MessageHandler('orders.created', { retry: { maxAttempts: 5 } })
 * async created(message: Message<OrderCreated>, context: HandlerContext) { … }
 * ```
 * @throws MessagingError when it decorates anything else
 * @publicApi
 */
export function MessageHandler(
  topics: string | RegExp | readonly (string | RegExp)[],
  options: MessageHandlerOptions = {},
): MethodDecorator & ClassDecorator {
  return handlerDecorator('@MessageHandler', topics, options);
}

/** @throws MessagingError when it decorates what cannot be a handler */
export function handlerDecorator(
  decorator: string,
  topics: string | RegExp | readonly (string | RegExp)[],
  options: MessageHandlerOptions,
  batch?: MessageHandlerMetadata['batch'],
): MethodDecorator & ClassDecorator {
  const metadata = { topics: Array.isArray(topics) ? topics : [topics], options, batch } as MessageHandlerMetadata;
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const holder = holderOf(target, property, descriptor);
    if (typeof holder !== 'function') throw notAMethod(decorator, target, property!);
    const before = (Reflect.getOwnMetadata(MESSAGE_HANDLER_METADATA, holder) ?? []) as MessageHandlerMetadata[];
    Reflect.defineMetadata(MESSAGE_HANDLER_METADATA, [...before, metadata], holder);
  };
}

/** Nest finds neither static methods nor those that a symbol names: their records would go unhandled in silence. */
function holderOf(target: object, property?: string | symbol, descriptor?: PropertyDescriptor): unknown {
  if (property === undefined) return target;
  const isFound = typeof target !== 'function' && typeof property === 'string';
  return isFound ? descriptor?.value : undefined;
}

function notAMethod(decorator: string, target: object, property: string | symbol): MessagingError {
  const owner = typeof target === 'function' ? target : target.constructor;
  return new MessagingError(
    `${owner.name}.${String(property)} is decorated with ${decorator} but is no instance method with a plain name; ` +
      `decorate such a method, or a class with a method handle()`,
  );
}
