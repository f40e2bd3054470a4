import type { MessageHandlerOptions } from './message-handler.decorator.js';
import { handlerDecorator } from './message-handler.decorator.js';

/**
 * How a handler gets its messages together, and what else it may have otherwise than its module.
 *
 * @publicApi
 */
export interface BatchHandlerOptions extends Omit<
  MessageHandlerOptions,
  'ack' | 'ackTimeoutMs' | 'idempotent' | 'processingOrder' | 'publishTo' | 'transactional' | 'when'
> {
  /** Messages in a batch at most. @default 100 */
  maxSize?: number;

  /** Milliseconds that a batch waits for more messages once there is one and its lane is free. @default 100 */
  maxWaitMs?: number;

  /**
   * What is in a batch: messages of one partition, or of one key (or {@link lane}).
   *
   * @default the module's, or 'key' with a {@link lane}
   */
  processingOrder?: 'partition' | 'key';
}

/** How many messages come together, and how long the first waits for the others. */
export type BatchLimits = Required<Pick<BatchHandlerOptions, 'maxSize' | 'maxWaitMs'>>;

const defaults: BatchLimits = { maxSize: 100, maxWaitMs: 100 };

/**
 * Marks a method of a provider or controller, or a class with a method `handle`, as the handler of topics whose messages it gets
 * together: it is called with `(messages: Message[], context: HandlerContext)`, in the order of their offsets. It has to be the
 * only handler of its topics in its group.
 *
 * When it returns, all are completed. A {@link BatchError} says which failed; the others are completed.
 *
 * @example
 * ```ts
 * @BatchHandler('orders.created', { maxSize: 500, maxWaitMs: 200 })
 * async created(messages: Message<OrderCreated>[]) { … }
 * ```
 * @throws MessagingError when it decorates anything else
 * @publicApi
 */
export function BatchHandler(
  topics: string | RegExp | readonly (string | RegExp)[],
  { maxSize = defaults.maxSize, maxWaitMs = defaults.maxWaitMs, ...options }: BatchHandlerOptions = {},
): MethodDecorator & ClassDecorator {
  return handlerDecorator('@BatchHandler', topics, options, { maxSize, maxWaitMs });
}
