import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { KafkaSettings } from '../config/kafka-settings.js';
import { setHookDistance } from '../connection/hook-distance.js';
import { NestLogger } from '../connection/nest-logger.js';
import { KAFKA_CONSUMER, KAFKA_SETTINGS } from '../kafka.constants.js';
import { Consumer } from '../messaging/consumer.js';
import { HandlerRegistry } from './handler.registry.js';

const lastToStartFirstToStop = -1;

/**
 * Binds a connection's consumer to the application's life: it starts when every other provider has started, and drains
 * before any other provider's `onModuleDestroy` closes what handlers use.
 */
@Module({})
export class KafkaConsumerModule implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new NestLogger(KafkaConsumerModule.name);

  /** An application may be closed before its start is over. */
  private ended = false;

  constructor(
    @Inject(KAFKA_CONSUMER) private readonly consumer: Consumer,
    @Inject(KAFKA_SETTINGS) private readonly settings: KafkaSettings,
    private readonly registry: HandlerRegistry,
    modules: ModulesContainer,
  ) {
    setHookDistance(modules, KafkaConsumerModule, lastToStartFirstToStop, this.logger);
  }

  async onApplicationBootstrap(): Promise<void> {
    this.registry.bind();
    if (this.settings.autoStart && !this.ended) await this.consumer.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.ended = true;
    try {
      await this.consumer.stop();
    } catch (error) {
      this.logger.error(`Stopping the consumer failed: ${(error as Error).message}`, (error as Error).stack);
    }
  }
}
