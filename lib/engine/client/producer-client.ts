import type { Kafka, Message, Producer, RecordMetadata, RetryOptions } from 'kafkajs';
import type { OutgoingMessage, PublishedRecord } from '../../messaging/producer.js';
import type { EngineLogger } from '../logger.js';
import { settlesWithin } from '../wait.js';
import type { ConnectionSettings } from './client-settings.js';
import { describeConnectionFailure } from './connection/connection-failure.js';
import { partitionName } from './consumer-client.js';
import { kafkajsConnection } from './connection/kafkajs-connection.js';
import { KafkaClient, logLevel } from './connection/kafkajs-internals.js';
import { kafkajsLogSink } from './connection/kafkajs-logger.js';
import { asItStands, byTopic, compressionOf, hintedPartitioner, isTooLarge, type Outgoing } from './outgoing.js';
import { RecordTooLargeError, type OutgoingRecord, type RecordPublisher } from './record-publisher.js';

/** A message whose value is what is to be stored. */
export interface SerializedMessage extends OutgoingMessage {
  value: Buffer | string | null;
}

/**
 * kafkajs's idempotent producer without its trap: when an answer is lost it takes the sequence numbers back, and the next
 * records that use them are acknowledged as duplicates and never stored. So one request is under way at a time, and
 * after a rejected one the producer is replaced, with a producer id of its own.
 */
export class ProducerClient implements RecordPublisher {
  private readonly kafka: Kafka;
  private producer: Producer | undefined;
  private lastSend: Promise<unknown> = Promise.resolve();
  private closed = false;

  /** @param retry how often kafkajs itself repeats a request, if not as by default */
  constructor(
    private readonly settings: ConnectionSettings,
    logger: EngineLogger,
    retry?: RetryOptions,
  ) {
    this.kafka = new KafkaClient({
      ...kafkajsConnection(settings),
      retry,
      logLevel: logLevel.WARN,
      logCreator: () => kafkajsLogSink(logger),
    });
  }

  /** @returns where each message went, in their order */
  send(messages: readonly SerializedMessage[]): Promise<PublishedRecord[]> {
    return this.enqueue(messages.map((message) => ({ topic: message.topic, message: toKafkajs(message) })));
  }

  async publish(record: OutgoingRecord): Promise<void> {
    try {
      await this.enqueue([{ topic: record.topic, message: asItStands(record) }], record.compressed);
    } catch (error) {
      if (isTooLarge(error)) throw new RecordTooLargeError((error as Error).message, { cause: error });
      throw error;
    }
  }

  private enqueue(outgoing: readonly Outgoing[], compressed = false): Promise<PublishedRecord[]> {
    const sent = this.lastSend.then(() => this.sendNow(outgoing, compressed));
    this.lastSend = sent.catch(() => undefined);
    return sent;
  }

  /** Waits for what is under way, then disconnects; within so many milliseconds, whatever the brokers do. */
  async close(deadlineMs: number): Promise<void> {
    this.closed = true;
    await settlesWithin(
      this.lastSend.then(() => this.discard()),
      deadlineMs,
    );
  }

  private async sendNow(outgoing: readonly Outgoing[], compressed: boolean): Promise<PublishedRecord[]> {
    if (this.closed) throw new Error('the producer is closed; publish before the application has shut down');
    try {
      const producer = (this.producer ??= await this.connect());
      const compression = compressionOf(compressed);
      const metadata = await producer.sendBatch({ acks: -1, compression, topicMessages: byTopic(outgoing) });
      return places(outgoing, metadata);
    } catch (error) {
      await this.discard();
      throw error;
    }
  }

  private async connect(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: hintedPartitioner,
    });
    try {
      await producer.connect();
      return producer;
    } catch (cause) {
      await producer.disconnect(); // a refused connection stays open otherwise
      throw new Error(describeConnectionFailure(cause as Error, this.settings), { cause });
    }
  }

  private async discard(): Promise<void> {
    const { producer } = this;
    this.producer = undefined;
    await producer?.disconnect();
  }
}

/** Of a producer for recovery, which tries again itself: what one topic's absence takes, all others wait for. */
export const fewRetries: RetryOptions = { retries: 2, initialRetryTime: 100, maxRetryTime: 500 };

function toKafkajs({ key, value, headers, partition, timestamp }: SerializedMessage): Message {
  const time = timestamp && String(timestamp.getTime());
  return { key: key ?? null, value, headers: headers, partition, timestamp: time };
}

/** The broker tells a partition's first offset; the others follow in the order they were given. */
function places(outgoing: readonly Outgoing[], metadata: readonly RecordMetadata[]): PublishedRecord[] {
  const next = new Map(
    metadata.map(({ topicName, partition, baseOffset }) => [
      partitionName({ topic: topicName, partition }),
      BigInt(baseOffset ?? -1),
    ]),
  );
  return outgoing.map(({ topic, message }) => {
    const place = { topic, partition: message.partition! };
    const offset = next.get(partitionName(place));
    if (offset === undefined) throw new Error(`${partitionName(place)} is not there, the message was not sent`);
    next.set(partitionName(place), offset + 1n);
    return { ...place, offset: String(offset) };
  });
}
