import { Inject, Injectable, Logger } from '@nestjs/common';
import type { KafkaSettings } from '../config/kafka-settings.js';
import { connectionSettings, groupSettings } from '../connection/client-settings.js';
import { GroupClient } from '../engine/client/group-client.js';
import { GroupConsumer, type GroupConsumerStatus } from '../engine/group-consumer.js';
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

  private createConsumer(): GroupConsumer {
    const router = this.registry.bind();
    const group = this.requireGroup();
    const topics = this.settings.topics ?? router.patterns;
    return new GroupConsumer(
      { ...this.settings, group },
      (topic) => router.handlersOf(topic),
      (listener) =>
        new GroupClient(
          connectionSettings(this.settings),
          groupSettings(this.settings, group, topics),
          listener,
          this.logger,
        ),
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
