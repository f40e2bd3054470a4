import { Inject, Injectable, Logger } from '@nestjs/common';
import type { KafkaSettings } from '../config/kafka-settings.js';
import { connectionSettings, groupSettings } from '../connection/client-settings.js';
import { GroupClient } from '../engine/client/group-client.js';
import { fewRetries, ProducerClient } from '../engine/client/producer-client.js';
import type { GroupConsumerStatus, PartitionStatus } from '../engine/consumer-status.js';
import { GroupConsumer } from '../engine/group-consumer.js';
import type { TopicRoutes } from '../engine/handler-binding.js';
import { settlesWithin } from '../engine/wait.js';
import { KAFKA_SETTINGS } from '../kafka.constants.js';
import { Consumer } from '../messaging/consumer.js';
import { MessagingError } from '../messaging/errors.js';
import { HandlerRegistry } from './handler.registry.js';

/**
 * The consumer of a connection: reads the topics of the application's handlers as a member of the configured group.
 * Started and stopped by the module; `start()` and `stop()` are for applications with `autoStart: false`.
 *
 * @publicApi
 */
@Injectable()
export class KafkaConsumerService extends Consumer {
  private readonly logger = new Logger(KafkaConsumerService.name);
  private consumer: GroupConsumer | undefined;

  constructor(
    @Inject(KAFKA_SETTINGS) private readonly settings: KafkaSettings,
    private readonly registry: HandlerRegistry,
  ) {
    super();
  }

  /**
   * Starts consuming. Does not wait for the brokers unless `connectTimeoutMs` is set.
   *
   * @throws MessagingError when there are handlers but no group, or the group is not joined within `connectTimeoutMs`
   */
  async start(): Promise<void> {
    const router = this.registry.bind();
    if (router.patterns.length === 0 && !this.settings.topics) {
      this.logger.warn('No @MessageHandler found: nothing to consume');
      return;
    }
    this.consumer ??= this.createConsumer();
    await this.consumer.start();
    if (this.settings.connectTimeoutMs !== undefined) await this.join(this.consumer, this.settings.connectTimeoutMs);
  }

  /** Stops by the order and within the time that `shutdownTimeoutMs` describes. Never throws. */
  async stop(): Promise<void> {
    await this.consumer?.stop();
  }

  /** What the consumer owns and has done; `undefined` before it was first started. */
  status(): GroupConsumerStatus | undefined {
    return this.consumer?.status();
  }

  /** The partitions that this process has now, and how far it is with each. */
  assignments(): PartitionStatus[] {
    return this.consumer?.assignments() ?? [];
  }

  /**
   * Pauses a topic, some of its partitions, or everything: what runs goes on, nothing new is started or fetched. Holds until
   * {@link resume}, also for partitions that are assigned later and over restarts of the consumer. A call overrules earlier
   * ones for the same and for less: `resume('orders')` resumes all partitions of the topic, whatever was paused of it before.
   *
   * @throws MessagingError when a partition is given without a topic, or is no whole number from 0 on
   */
  pause(topic?: string, partitions?: readonly number[]): void {
    this.setPaused(true, topic, partitions);
  }

  /** The opposite of {@link pause}, with the same meaning of its arguments. */
  resume(topic?: string, partitions?: readonly number[]): void {
    this.setPaused(false, topic, partitions);
  }

  /**
   * Goes on with a partition elsewhere. Running handlers have 5 s to finish, then they are aborted; what waits is dropped,
   * the new position is committed. An offset that the log does not have (any more) goes on at its beginning.
   *
   * @param to an offset, or the time of the first record to read; past the last record, that is the end
   * @throws MessagingError when the partition is not assigned to this process, is lost meanwhile, or `to` is neither
   */
  async seek(topic: string, partition: number, to: string | number | bigint | Date): Promise<void> {
    const target = seekTarget(to);
    if (!this.consumer) throw new MessagingError('seek: the consumer has not been started');
    try {
      await this.consumer.seek({ topic, partition }, target);
    } catch (cause) {
      throw new MessagingError(`seek: ${(cause as Error).message}`, { cause });
    }
  }

  private setPaused(paused: boolean, topic?: string, partitions?: readonly number[]): void {
    const wrong = partitions?.find((partition) => !Number.isInteger(partition) || partition < 0);
    if (wrong !== undefined)
      throw new MessagingError(`Expected partitions to be whole numbers from 0 on, got ${String(wrong)}`);
    if (partitions && topic === undefined) throw new MessagingError('Expected the topic that the partitions are of');
    this.consumer ??= this.createConsumer();
    this.consumer.setPaused(paused, topic, partitions);
  }

  private createConsumer(): GroupConsumer {
    const router = this.registry.bind();
    const group = this.requireGroup();
    const { topics = router.patterns, sessionTimeoutMs, rebalanceTimeoutMs, requestTimeoutMs } = this.settings;
    const routes: TopicRoutes = (topic) => router.handlersOf(topic);
    const connection = connectionSettings(this.settings);
    const membership = groupSettings(this.settings, group, topics, routes);
    return new GroupConsumer(
      { ...this.settings, group, silenceLimitMs: sessionTimeoutMs + rebalanceTimeoutMs + requestTimeoutMs },
      routes,
      (listener) => new GroupClient(connection, membership, listener, this.logger),
      () => new ProducerClient(connection, this.logger, fewRetries),
      this.logger,
    );
  }

  private requireGroup(): string {
    const { group } = this.settings;
    if (group !== undefined) return group;
    throw new MessagingError(
      'Handlers need a consumer group: set the option group (KAFKA_GROUP, or group below kafka: in the file)',
    );
  }

  private async join(consumer: GroupConsumer, timeoutMs: number): Promise<void> {
    if (await settlesWithin(consumer.untilJoined(), timeoutMs)) return;
    await consumer.stop();
    throw new MessagingError(
      `Group "${this.settings.group}" could not be joined within connectTimeoutMs (${timeoutMs} ms) through ` +
        `${this.settings.brokers.join(', ')}. Check that the brokers run and can be reached from here under the names they ` +
        `advertise, that ssl and sasl are as they expect, and that the topics exist; the log above has the cause`,
    );
  }
}

/** @throws MessagingError when it is no place in a log */
function seekTarget(to: string | number | bigint | Date): number | Date {
  if (to instanceof Date && !Number.isNaN(to.getTime())) return to;
  const offset = typeof to === 'string' && !/^\d+$/.test(to) ? NaN : Number(to);
  if (!(to instanceof Date) && Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw new MessagingError(`seek: expected an offset from 0 on, as text or number, or a Date, got ${String(to)}`);
}
