import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { KAFKA_PRODUCER } from '../kafka.constants.js';
import { Producer } from '../messaging/producer.js';
import { setHookDistance } from './hook-distance.js';
import { NestLogger } from './nest-logger.js';

const firstToStartLastToStop = Number.MAX_VALUE;

/**
 * What a connection has in common: its settings, and the producer, which is closed after the application's own
 * `onApplicationShutdown` hooks, so that they may still publish.
 */
@Module({})
export class KafkaConnectionModule implements OnApplicationShutdown {
  private readonly logger = new NestLogger(KafkaConnectionModule.name);

  constructor(
    @Inject(KAFKA_PRODUCER) private readonly producer: Producer,
    modules: ModulesContainer,
  ) {
    setHookDistance(modules, KafkaConnectionModule, firstToStartLastToStop, this.logger);
  }

  async onApplicationShutdown(): Promise<void> {
    try {
      await this.producer.close();
    } catch (error) {
      this.logger.error(`Closing the producer failed: ${(error as Error).message}`, (error as Error).stack);
    }
  }
}
