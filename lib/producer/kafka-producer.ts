import { Inject, Injectable } from '@nestjs/common';
import type { KafkaSettings } from '../config/kafka-settings.js';
import { connectionSettings } from '../connection/client-settings.js';
import { NestLogger } from '../connection/nest-logger.js';
import { ProducerClient } from '../engine/client/producer-client.js';
import type { PublishWatcher, WatchedPublish } from '../engine/client/produce/publish-watcher.js';
import type { Telemetry } from '../engine/telemetry.js';
import { settlesWithin } from '../engine/wait.js';
import { KAFKA_SETTINGS, KAFKA_TELEMETRY } from '../kafka.constants.js';
import { PublishError } from '../messaging/errors.js';
import { Producer, type OutgoingMessage, type PublishedRecord } from '../messaging/producer.js';
import { MessageSerializer, type SerializedMessages } from './message-serializer.js';

/** What a shutdown gives the messages that are under way. */
const closeMs = 5_000;

/** Where each message goes, once it is stored. */
type Entered = Promise<PublishedRecord>[];

/**
 * Publishes to a connection's cluster: idempotent, acknowledged by all in-sync replicas, what is published at the same time in
 * one request to each broker. Connects with the first message; the module closes it after the application's own shutdown hooks.
 *
 * @publicApi
 */
@Injectable()
export class KafkaProducer extends Producer {
  private readonly logger = new NestLogger(KafkaProducer.name);
  private readonly client: ProducerClient;
  private readonly serializer: MessageSerializer;
  private readonly watcher: PublishWatcher | undefined;

  /** Settles when all that came before has entered the client; `undefined` when nothing waits. */
  private lastTurn: Promise<unknown> | undefined;
  private closed = false;

  constructor(@Inject(KAFKA_SETTINGS) settings: KafkaSettings, @Inject(KAFKA_TELEMETRY) telemetry: Telemetry) {
    super();
    this.watcher = telemetry.publishing;
    const { producer } = settings;
    this.serializer = new MessageSerializer(settings, producer.compression);
    this.client = new ProducerClient(connectionSettings(settings), this.logger, producer);
  }

  async publish(message: OutgoingMessage): Promise<PublishedRecord> {
    const watched = this.watcher?.begin([message]);
    try {
      const [stored] = await this.enter(watched?.messages ?? [message]);
      watched?.entered();
      const value = await stored!;
      watched?.settled([{ status: 'fulfilled', value }]);
      return value;
    } catch (cause) {
      watched?.failed(cause);
      throw new PublishError(`Publishing to ${message.topic} failed: ${(cause as Error).message}`, { cause });
    }
  }

  async publishBatch(messages: OutgoingMessage[]): Promise<PublishedRecord[]> {
    const watched = this.watcher?.begin(messages);
    const results = await Promise.allSettled(await this.enterAll(messages, watched));
    watched?.settled(results);
    const failed = results.flatMap((result, at) => (result.status === 'rejected' ? [at] : []));
    if (failed.length > 0) throw notAllPublished(results, failed);
    return results.map((result) => (result as PromiseFulfilledResult<PublishedRecord>).value);
  }

  async flush(): Promise<void> {
    if (this.lastTurn) await this.lastTurn;
    await this.client.flush(); // in the same turn if it can be: what is published behind this call is not waited for
  }

  async close(): Promise<void> {
    this.closed = true;
    const startedAt = Date.now();
    const { isConnected } = this.client;
    await settlesWithin(this.flush(), closeMs);
    await this.client.close(Math.max(0, startedAt + closeMs - Date.now()));
    if (isConnected) this.logger.log('Closed the producer', { event: 'closed', durationMs: Date.now() - startedAt });
  }

  private async enterAll(messages: OutgoingMessage[], watched: WatchedPublish | undefined): Promise<Entered> {
    try {
      const entered = await this.enter(watched?.messages ?? messages);
      watched?.entered();
      return entered;
    } catch (cause) {
      watched?.failed(cause);
      const topics = [...new Set(messages.map(({ topic }) => topic))].join(', ');
      throw new PublishError(`Publishing to ${topics} failed: ${(cause as Error).message}`, { cause });
    }
  }

  /** Messages enter the client in the order in which they came, and only while it has room: before, they are not serialised. */
  private enter(messages: readonly OutgoingMessage[]): Entered | Promise<Entered> {
    if (this.closed) throw new Error('the producer is closed; publish before the application has shut down');
    const serialized =
      this.lastTurn || this.client.isFull ? this.inTurn(messages) : this.serializer.serialize(messages);
    return serialized instanceof Promise ? this.enterWhen(serialized) : this.client.send(serialized);
  }

  private async inTurn(messages: readonly OutgoingMessage[]): Promise<SerializedMessages> {
    await this.lastTurn;
    await this.client.untilRoom();
    return this.serializer.serialize(messages);
  }

  private enterWhen(serialized: Promise<SerializedMessages>): Promise<Entered> {
    // in an array: a promise that is returned alone would be waited for
    const entered = serialized.then((records) => this.client.send(records));
    const turn = entered.then(ignore, ignore).then(() => {
      if (this.lastTurn === turn) this.lastTurn = undefined;
    });
    this.lastTurn = turn;
    return entered;
  }
}

function ignore(): void {}

/** How many reasons are told; the rest is much the same. */
const toldReasons = 5;

function notAllPublished(results: readonly PromiseSettledResult<unknown>[], failed: readonly number[]): PublishError {
  const reasons = failed.map((at) => (results[at] as PromiseRejectedResult).reason as Error);
  const told = failed.slice(0, toldReasons).map((at, index) => `[${at}] ${reasons[index]!.message}`);
  const more = failed.length > toldReasons ? `; and ${failed.length - toldReasons} more` : '';
  const text = `${failed.length} of ${results.length} messages were not published: ${told.join('; ')}${more}`;
  return new PublishError(text, { cause: reasons[0], failed });
}
