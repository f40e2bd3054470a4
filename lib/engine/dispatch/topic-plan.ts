import type { ConsumedRecord } from '../client/consumer-client.js';
import { KafkaMessage } from '../decode/kafka-message.js';
import type { ProcessingOrder } from '../../messaging/processing-order.js';
import type { BatchBinding, HandlerBinding } from '../handler-binding.js';
import { isPromise } from '../at-once.js';
import { originalOf } from '../recovery/redelivery.js';
import type { Gate } from './gate.js';

/** How the records of a topic go to its handlers. */
export interface TopicPlan {
  readonly handlers: readonly HandlerBinding[];
  readonly order: ProcessingOrder;

  /** In `key` order, the key of a record's lane; `undefined` for the lane of all records without one. */
  readonly laneKey: (record: ConsumedRecord) => string | undefined;

  /** What a record has to go through before each attempt. */
  readonly gates: readonly Gate[];

  /** Whether outputs and positions are stored together. */
  readonly isTransactional: boolean;

  /** How records come together, where the only handler takes batches of them. */
  readonly batch?: BatchBinding | undefined;

  /** Milliseconds that a record waits from its timestamp on, if this is a retry topic. */
  readonly delayMs?: number | undefined;
}

/** From the strictest on. */
const orders: readonly ProcessingOrder[] = ['partition', 'key', 'unordered'];

/**
 * The handlers of one topic share its lanes: the strictest of their orders holds, and where they name different lanes,
 * that of the partition.
 */
export function planTopic(handlers: readonly HandlerBinding[], gates: readonly Gate[], delayMs?: number): TopicPlan {
  const lanes = new Set(handlers.filter(({ order }) => order === 'key').map(({ lane }) => lane));
  const strictest = orders.find((order) => handlers.some((handler) => handler.order === order)) ?? 'partition';
  const [lane] = lanes;
  const deserializerOf = handlers.find((handler) => handler.lane === lane)?.deserializerOf;
  return {
    handlers,
    order: lanes.size > 1 ? 'partition' : strictest,
    laneKey: lane ? keyByLane(lane, deserializerOf, delayMs !== undefined) : keyByKey,
    gates,
    isTransactional: handlers.some(({ serialize }) => serialize !== undefined),
    batch: handlers.length === 1 && delayMs === undefined ? handlers[0]!.batch : undefined,
    delayMs,
  };
}

function keyByKey({ key }: ConsumedRecord): string | undefined {
  return key?.toString('latin1');
}

/** A message whose lane cannot be told fails, if at all, in its handler, where recovery takes care of it. */
function keyByLane(
  lane: NonNullable<HandlerBinding['lane']>,
  deserializerOf: HandlerBinding['deserializerOf'] | undefined,
  isRetryTopic: boolean,
): TopicPlan['laneKey'] {
  return (record) => {
    try {
      const original = isRetryTopic ? originalOf(record) : record;
      const key: unknown = lane(new KafkaMessage(original, deserializerOf?.(original.topic)));
      return isPromise(key) ? undefined : String(key);
    } catch {
      return undefined;
    }
  };
}
