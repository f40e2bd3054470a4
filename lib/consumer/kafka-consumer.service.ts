import { AsyncLocalStorage } from 'node:async_hooks';
import { Inject, Injectable } from '@nestjs/common';
import type { KafkaSettings } from '../config/kafka-settings.js';
import { connectionSettings, groupSettings } from '../connection/client-settings.js';
import { NestLogger } from '../connection/nest-logger.js';
import { GroupClient } from '../engine/client/group-client.js';
import { ProducerClient, recoveryProducing } from '../engine/client/producer-client.js';
import { TransactionClient } from '../engine/client/transactions/transaction-client.js';
import type { GroupConsumerStatus, PartitionStatus } from '../engine/consumer-status.js';
import type { TopicRouter } from '../discovery/topic.router.js';
import { GroupConsumer } from '../engine/group-consumer.js';
import type { TopicRoutes } from '../engine/handler-binding.js';
import type { PartitionLag } from '../engine/partition-lag.js';
import type { TopicPattern } from '../engine/topic-pattern.js';
import { settlesWithin } from '../engine/wait.js';
import { KAFKA_SETTINGS } from '../kafka.constants.js';
import { Consumer } from '../messaging/consumer.js';
import { MessagingError } from '../messaging/errors.js';
import { ConsumerWatchers } from './consumer-watchers.js';
import { HandlerRegistry } from './handler.registry.js';

/**
 * The consumer of a connection: reads the topics of the application's handlers as a member of the configured group, and of
 * those that handlers have of their own. Started and stopped by the module; `start()` and `stop()` are for applications with
 * `autoStart: false`.
 *
 * @publicApi
 */
@Injectable()
export class KafkaConsumerService extends Consumer {
  private readonly logger = new NestLogger(KafkaConsumerService.name);

  /** By group. */
  private readonly consumers = new Map<string, GroupConsumer>();

  /** Calls what calls handlers, now or later: the stores of a request that has started or resumed them are not theirs. */
  private readonly apart = AsyncLocalStorage.snapshot();

  constructor(
    @Inject(KAFKA_SETTINGS) private readonly settings: KafkaSettings,
    private readonly registry: HandlerRegistry,
    private readonly watchers: ConsumerWatchers,
  ) {
    super();
  }

  /**
   * Starts consuming. Does not wait for the brokers unless `connectTimeoutMs` is set.
   *
   * @throws MessagingError when there are handlers but no group, or a group is not joined within `connectTimeoutMs`
   */
  async start(): Promise<void> {
    if (!this.hasWork(this.registry.bind())) {
      this.logger.warn('No @MessageHandler found: nothing to consume');
      return;
    }
    this.prepare();
    const consumers = [...this.consumers];
    await this.apart(() => Promise.all(consumers.map(([, consumer]) => consumer.start())));
    const { connectTimeoutMs } = this.settings;
    if (connectTimeoutMs !== undefined) await this.join(consumers, connectTimeoutMs);
  }

  /** Stops by the order and within the time that `shutdownTimeoutMs` describes. Never throws. */
  async stop(): Promise<void> {
    await Promise.all([...this.consumers.values()].map((consumer) => consumer.stop()));
  }

  /** The name of the connection. */
  get connection(): string {
    return this.registry.connection;
  }

  /** Whether its handlers are known: from the start of the application on. */
  get isBound(): boolean {
    return this.registry.bound !== undefined;
  }

  /**
   * What a consumer is at, owns and has done; `undefined` while the application's handlers are not known yet, and without any.
   *
   * @param group @default the connection's, or the only one there is
   * @throws MessagingError when there is no such group
   */
  status(group?: string): GroupConsumerStatus | undefined {
    this.prepareKnown();
    return this.consumerOf(group)?.status();
  }

  /** The same of all groups. */
  statuses(): GroupConsumerStatus[] {
    this.prepareKnown();
    return [...this.consumers.values()].map((consumer) => consumer.status());
  }

  /** The partitions that this process has now, of all groups or of one, and how far it is with each. */
  assignments(group?: string): PartitionStatus[] {
    return this.consumersOf(group).flatMap((consumer) => consumer.assignments());
  }

  /**
   * How far the partitions of {@link assignments} are behind their ends, of all groups or of one, retry topics included.
   * Asks the brokers; calls that come meanwhile share the answer. A partition whose leader cannot tell now is left out.
   *
   * @throws MessagingError when there is no such group
   */
  async lag(group?: string): Promise<PartitionLag[]> {
    return (await Promise.all(this.consumersOf(group).map((consumer) => consumer.lag()))).flat();
  }

  /**
   * Pauses a topic, some of its partitions, or everything: what runs goes on, nothing new is started or fetched. Holds until
   * {@link resume}, also for partitions that are assigned later and over restarts of the consumer. A call overrules earlier
   * ones for the same and for less: `resume('orders')` resumes all partitions of the topic, whatever was paused of it before.
   *
   * @param group only in this one. @default all of them
   * @throws MessagingError when a partition is given without a topic, or is no whole number from 0 on, or there is no such group
   */
  pause(topic?: string, partitions?: readonly number[], group?: string): void {
    this.setPaused(true, topic, partitions, group);
  }

  /** The opposite of {@link pause}, with the same meaning of its arguments. */
  resume(topic?: string, partitions?: readonly number[], group?: string): void {
    this.setPaused(false, topic, partitions, group);
  }

  /**
   * Goes on with a partition elsewhere. Running handlers have 5 s to finish, then they are aborted; what waits is dropped,
   * the new position is committed. An offset that the log does not have (any more) goes on at its beginning.
   *
   * @param to an offset, or the time of the first record to read; past the last record, that is the end
   * @param group @default the connection's, or the only one there is
   * @throws MessagingError when the partition is not assigned to this process, is lost meanwhile, or `to` is neither
   */
  async seek(topic: string, partition: number, to: string | number | bigint | Date, group?: string): Promise<void> {
    const target = seekTarget(to);
    const consumer = this.consumerOf(group);
    if (!consumer) throw new MessagingError('seek: the consumer has not been started');
    try {
      await this.apart(() => consumer.seek({ topic, partition }, target));
    } catch (cause) {
      throw new MessagingError(`seek: ${(cause as Error).message}`, { cause });
    }
  }

  private setPaused(paused: boolean, topic?: string, partitions?: readonly number[], group?: string): void {
    const wrong = partitions?.find((partition) => !Number.isInteger(partition) || partition < 0);
    if (wrong !== undefined)
      throw new MessagingError(`Expected partitions to be whole numbers from 0 on, got ${String(wrong)}`);
    if (partitions && topic === undefined) throw new MessagingError('Expected the topic that the partitions are of');
    this.prepare();
    for (const consumer of this.consumersOf(group)) this.apart(() => consumer.setPaused(paused, topic, partitions));
  }

  /** @throws MessagingError when there is no such group */
  private consumersOf(group: string | undefined): GroupConsumer[] {
    if (group === undefined) return [...this.consumers.values()];
    const consumer = this.consumerOf(group);
    return consumer ? [consumer] : [];
  }

  /** @throws MessagingError when there are consumers, and none of the group */
  private consumerOf(group: string | undefined): GroupConsumer | undefined {
    if (this.consumers.size === 0) return undefined;
    const main = this.consumers.get(this.registry.mainGroup) ?? [...this.consumers.values()][0];
    const consumer = group === undefined ? main : this.consumers.get(group);
    if (consumer) return consumer;
    throw new MessagingError(
      `There is no handler of group "${group}", only of ${[...this.consumers.keys()].join(', ')}`,
    );
  }

  private hasWork(routers: ReadonlyMap<string, TopicRouter>): boolean {
    return this.settings.topics !== undefined || [...routers.values()].some(({ patterns }) => patterns.length > 0);
  }

  /** Only the start binds handlers: all providers are there by then. A group without a name is its matter, too. */
  private prepareKnown(): void {
    const { bound } = this.registry;
    if (bound && this.hasWork(bound) && !bound.has('')) this.prepare();
  }

  private prepare(): void {
    for (const [group, router] of this.registry.bind()) {
      if (!this.consumers.has(group)) this.consumers.set(group, this.createConsumer(this.named(group), router));
    }
  }

  private createConsumer(group: string, router: TopicRouter): GroupConsumer {
    const { sessionTimeoutMs, rebalanceTimeoutMs, requestTimeoutMs } = this.settings;
    const routes: TopicRoutes = (topic) => router.handlersOf(topic);
    const connection = connectionSettings(this.settings);
    const membership = groupSettings(
      this.settings,
      group,
      this.topicsOf(group, router),
      routes,
      router.isTransactional,
    );
    return new GroupConsumer(
      {
        ...this.settings,
        ...this.watchers.get(),
        group,
        silenceLimitMs: sessionTimeoutMs + rebalanceTimeoutMs + requestTimeoutMs,
      },
      routes,
      {
        member: (listener) => new GroupClient(connection, membership, listener, this.logger),
        publisher: () => new ProducerClient(connection, this.logger, recoveryProducing(requestTimeoutMs)),
        transactions: () => new TransactionClient(connection, group, this.logger),
      },
      this.logger,
    );
  }

  /** Of listed topics, a group of handlers' own reads those that its handlers take. */
  private topicsOf(group: string, router: TopicRouter): readonly TopicPattern[] {
    const { topics } = this.settings;
    if (!topics) return router.patterns;
    return group === this.registry.mainGroup ? topics : topics.filter((topic) => router.handlersOf(topic).length > 0);
  }

  private named(group: string): string {
    if (group !== '') return group;
    throw new MessagingError(
      'Handlers need a consumer group: set the option group (KAFKA_GROUP, or group below kafka: in the file)',
    );
  }

  private async join(consumers: readonly [string, GroupConsumer][], timeoutMs: number): Promise<void> {
    const joined = consumers.map(async ([group, consumer]) => {
      return { group, inTime: await settlesWithin(consumer.untilJoined(), timeoutMs) };
    });
    const late = (await Promise.all(joined)).filter(({ inTime }) => !inTime).map(({ group }) => `"${group}"`);
    if (late.length === 0) return;
    await this.stop();
    throw new MessagingError(
      `Group ${late.join(', ')} could not be joined within connectTimeoutMs (${timeoutMs} ms) through ` +
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
