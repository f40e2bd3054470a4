import type { Kafka, Producer, Transaction } from 'kafkajs';
import type { EngineLogger } from '../logger.js';
import { wait } from '../wait.js';
import type { ConnectionSettings } from './client-settings.js';
import { describeConnectionFailure } from './connection/connection-failure.js';
import { kafkajsConnection } from './connection/kafkajs-connection.js';
import { KafkaClient, logLevel } from './connection/kafkajs-internals.js';
import { kafkajsLogSink } from './connection/kafkajs-logger.js';
import {
  asItStands,
  byTopic,
  compressionOf,
  hasType,
  hintedPartitioner,
  isNotWritable,
  isTooLarge,
} from './outgoing.js';
import { RecordTooLargeError, TopicNotWritableError, type OutgoingRecord } from './record-publisher.js';

/** A position that a group is to have, with its metadata. */
export interface GroupPosition {
  partition: number;
  offset: number;
  metadata: string;
}

/** Another producer of the same transactional id has taken over. */
export class ProducerFencedError extends Error {
  override readonly name = 'ProducerFencedError';
}

/** How long, and how often, a transaction is tried to be begun. */
const beginPatienceMs = 10_000;
const beginEveryMs = 20;

const busyTypes: ReadonlySet<unknown> = new Set(['CONCURRENT_TRANSACTIONS']);
const fencedTypes: ReadonlySet<unknown> = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED']);

/**
 * Writes records and a group's positions in one transaction. After an error nobody knows how far a kafkajs producer is: it is
 * not to be used again, and the next one of the id finds out.
 */
export class TransactionalProducer {
  private readonly producer: Producer;

  constructor(
    private readonly settings: ConnectionSettings,
    transactionalId: string,
    logger: EngineLogger,
  ) {
    const kafka: Kafka = new KafkaClient({
      ...kafkajsConnection(settings),
      logLevel: logLevel.WARN,
      logCreator: () => kafkajsLogSink(logger),
    });
    this.producer = kafka.producer({
      transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: hintedPartitioner,
    });
  }

  /** Once this has resolved, whatever an earlier producer of the id has begun is committed or aborted, and it is fenced off. */
  async connect(): Promise<void> {
    try {
      await this.producer.connect();
    } catch (cause) {
      throw new Error(describeConnectionFailure(cause as Error, this.settings), { cause });
    }
    const empty = await this.transaction();
    await empty.abort();
  }

  /**
   * All or nothing.
   *
   * @throws ProducerFencedError when another one has taken over
   * @param compressed whether to compress the records
   * @throws RecordTooLargeError when the broker does not take so much at a time
   * @throws TopicNotWritableError when a topic of the records is not there, or may not be written
   * @throws Error when it is not known whether it was stored
   */
  async move(
    records: readonly OutgoingRecord[],
    group: string,
    topic: string,
    positions: readonly GroupPosition[],
    compressed = false,
  ): Promise<void> {
    const transaction = await this.transaction();
    try {
      const partitions = positions.map((position) => ({ ...position, offset: String(position.offset) }));
      await onceFree(() => transaction.sendOffsets({ consumerGroupId: group, topics: [{ topic, partitions }] }));
      const topicMessages = byTopic(records.map((record) => ({ topic: record.topic, message: asItStands(record) })));
      if (topicMessages.length > 0)
        await transaction.sendBatch({ acks: -1, compression: compressionOf(compressed), topicMessages });
      await transaction.commit();
    } catch (cause) {
      await transaction.abort().catch(() => undefined); // the next producer of the id aborts it otherwise
      throw told(cause);
    }
  }

  close(): Promise<void> {
    return this.producer.disconnect();
  }

  private async transaction(): Promise<Transaction> {
    try {
      return await this.producer.transaction();
    } catch (cause) {
      throw told(cause);
    }
  }
}

/**
 * A coordinator that still writes down the end of a transaction refuses to begin the next, and kafkajs gives up on that.
 *
 * @param begin what begins a transaction, and may be repeated
 */
async function onceFree(begin: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + beginPatienceMs;
  for (;;) {
    try {
      return await begin();
    } catch (cause) {
      if (!hasType(cause, busyTypes) || Date.now() > deadline) throw cause;
      await wait(beginEveryMs, new AbortController().signal);
    }
  }
}

/** What is thrown in place of an error of kafkajs. */
function told(cause: unknown): Error {
  const { message } = cause as Error;
  if (hasType(cause, fencedTypes)) return new ProducerFencedError('Another process does the same', { cause });
  if (isNotWritable(cause)) return new TopicNotWritableError(message, { cause });
  return isTooLarge(cause) ? new RecordTooLargeError(message, { cause }) : new Error(message, { cause });
}
