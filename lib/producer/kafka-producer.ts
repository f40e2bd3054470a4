import { Inject, Injectable, Logger } from '@nestjs/common';
import type { KafkaSettings } from '../config/kafka-settings.js';
import { connectionSettings } from '../connection/client-settings.js';
import { ProducerClient, type SerializedMessage } from '../engine/client/producer-client.js';
import { KAFKA_SETTINGS } from '../kafka.constants.js';
import { MessagingError, PublishError } from '../messaging/errors.js';
import { serializerOf } from '../messaging/formats.js';
import { Producer, type OutgoingMessage, type PublishedRecord } from '../messaging/producer.js';

/** What a shutdown gives the messages that are under way. */
const closeMs = 5_000;

/**
 * Publishes to a connection's cluster: idempotent, acknowledged by all in-sync replicas. Connects with the first
 * message; the module closes it after the application's own shutdown hooks.
 *
 * @publicApi
 */
@Injectable()
export class KafkaProducer extends Producer {
  private readonly logger = new Logger(KafkaProducer.name);
  private readonly client: ProducerClient;

  constructor(@Inject(KAFKA_SETTINGS) private readonly settings: KafkaSettings) {
    super();
    this.client = new ProducerClient(connectionSettings(settings), this.logger);
  }

  async publish(message: OutgoingMessage): Promise<PublishedRecord> {
    const [record] = await this.publishBatch([message]);
    return record!;
  }

  async publishBatch(messages: OutgoingMessage[]): Promise<PublishedRecord[]> {
    if (messages.length === 0) return [];
    try {
      return await this.client.send(await Promise.all(messages.map((message) => this.serialized(message))));
    } catch (cause) {
      const topics = [...new Set(messages.map(({ topic }) => topic))].join(', ');
      throw new PublishError(`Publishing to ${topics} failed: ${(cause as Error).message}`, { cause });
    }
  }

  close(): Promise<void> {
    return this.client.close(closeMs);
  }

  private async serialized(message: OutgoingMessage): Promise<SerializedMessage> {
    const { topic, value } = message;
    if (value === null || typeof value === 'string' || Buffer.isBuffer(value)) return { ...message, value };
    if (value instanceof Uint8Array) return { ...message, value: Buffer.from(value) };
    if (value === undefined)
      throw new MessagingError('value: expected bytes, text, null or a value to serialise, got nothing');
    return { ...message, value: await serializerOf(this.settings.format).serialize(value, topic) };
  }
}
