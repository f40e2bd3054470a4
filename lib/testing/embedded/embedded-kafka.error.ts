import { MessagingError } from '../../messaging/errors.js';

/**
 * EmbeddedKafka was asked for something that it cannot do: an unknown broker, topic or API, a limit that makes no
 * sense, a condition that did not come true in time. Never thrown at clients, which get Kafka's error codes.
 *
 * @publicApi
 */
export class EmbeddedKafkaError extends MessagingError {}
