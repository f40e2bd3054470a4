import type { ICustomPartitioner, Kafka, Message, Producer, RecordMetadata } from 'kafkajs';
import type { OutgoingMessage, PublishedRecord } from '../../messaging/producer.js';
import type { EngineLogger } from '../logger.js';
import { settlesWithin } from '../wait.js';
import type { ConnectionSettings } from './client-settings.js';
import { describeConnectionFailure } from './connection/connection-failure.js';
import { partitionName } from './consumer-client.js';
import { kafkajsConnection } from './connection/kafkajs-connection.js';
import { KafkaClient, logLevel, Partitioners } from './connection/kafkajs-internals.js';
import { kafkajsLogSink } from './connection/kafkajs-logger.js';

/**
 * kafkajs's idempotent producer without its trap: when an answer is lost it takes the sequence numbers back, and the next
 * records that use them are acknowledged as duplicates and never stored. So one request is under way at a time, and
 * after a rejected one the producer is replaced, with a producer id of its own.
 */
export class ProducerClient {
  private readonly kafka: Kafka;
  private producer: Producer | undefined;
  private lastSend: Promise<unknown> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly settings: ConnectionSettings,
    logger: EngineLogger,
  ) {
    this.kafka = new KafkaClient({
      ...kafkajsConnection(settings),
      logLevel: logLevel.WARN,
      logCreator: () => kafkajsLogSink(logger),
    });
  }

  /** @returns where each message went, in their order */
  send(messages: readonly OutgoingMessage[]): Promise<PublishedRecord[]> {
    const sent = this.lastSend.then(() => this.sendNow(messages));
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

  private async sendNow(messages: readonly OutgoingMessage[]): Promise<PublishedRecord[]> {
    if (this.closed) throw new Error('the producer is closed; publish before the application has shut down');
    const outgoing = messages.map((message) => ({ topic: message.topic, message: toKafkajs(message) }));
    try {
      const producer = (this.producer ??= await this.connect());
      const metadata = await producer.sendBatch({ acks: -1, topicMessages: byTopic(outgoing) });
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
      createPartitioner: stickyPartitioner,
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

interface Outgoing {
  topic: string;
  message: Message;
}

/** A partition once chosen stays: a retry that chose anew could store a message twice. */
const stickyPartitioner: ICustomPartitioner = () => {
  const choose = Partitioners.DefaultPartitioner();
  return (args) => (args.message.partition ??= choose(args));
};

function toKafkajs({ key, value, headers, partition, timestamp }: OutgoingMessage): Message {
  const time = timestamp && String(timestamp.getTime());
  return { key: key ?? null, value, headers: headers, partition, timestamp: time };
}

function byTopic(outgoing: readonly Outgoing[]): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const { topic, message } of outgoing) {
    const messages = topics.get(topic);
    if (messages) messages.push(message);
    else topics.set(topic, [message]);
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
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
