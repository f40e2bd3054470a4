import { Consumer } from './messaging/consumer.js';
import { Producer } from './messaging/producer.js';

/** The connection that `forRoot` makes when it is given no name. */
export const DEFAULT_CONNECTION = 'default';

/** The validated settings of a connection; known only inside its own modules. */
export const KAFKA_SETTINGS = Symbol('KAFKA_SETTINGS');

/** Whatever stands for the connection's consumer, overridden or not; known only inside its own modules. */
export const KAFKA_CONSUMER = Symbol('KAFKA_CONSUMER');

/** Whatever stands for the connection's producer, overridden or not; known only inside its own modules. */
export const KAFKA_PRODUCER = Symbol('KAFKA_PRODUCER');

/** The name of a connection; known only inside its own modules. */
export const KAFKA_CONNECTION = Symbol('KAFKA_CONNECTION');

/** What measures and traces a connection; known only inside its own modules. */
export const KAFKA_TELEMETRY = Symbol('KAFKA_TELEMETRY');

/** Metadata key of `@MessageHandler`; a string, so that the ESM and the CommonJS build understand each other. */
export const MESSAGE_HANDLER_METADATA = 'things-kit:kafka:message-handler';

/** Metadata key of the parameters of methods that Nest calls. Source: `ROUTE_ARGS_METADATA` of `@nestjs/common`. */
export const PARAMETERS_METADATA = '__routeArguments__';

/** What a parameter is decorated for. Nest lets `ValidationPipe` look at 3, its number for a body, and not at others. */
export enum MessageParameter {
  Payload = 3,
  Key = 101,
  KeyText = 102,
  Header = 103,
  Headers = 104,
  Context = 105,
  Message = 106,
}

/** An injection token. */
type ConnectionToken<T> = string | (abstract new (...args: never[]) => T);

/**
 * Injection token of a connection's consumer; for the default one it is the class `Consumer`.
 *
 * @publicApi
 */
export function getKafkaConsumerToken(name: string = DEFAULT_CONNECTION): ConnectionToken<Consumer> {
  return name === DEFAULT_CONNECTION ? Consumer : `KafkaConsumer:${name}`;
}

/**
 * Injection token of a connection's producer; for the default one it is the class `Producer`.
 *
 * @publicApi
 */
export function getKafkaProducerToken(name: string = DEFAULT_CONNECTION): ConnectionToken<Producer> {
  return name === DEFAULT_CONNECTION ? Producer : `KafkaProducer:${name}`;
}

/**
 * Injection token of the `DeadLetterService` of a connection that has a name; for the default one it is the class.
 *
 * @publicApi
 */
export function getDeadLetterServiceToken(name: string): string {
  return `KafkaDeadLetterService:${name}`;
}
