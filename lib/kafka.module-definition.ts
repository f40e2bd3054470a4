import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { KafkaOptions } from './config/kafka-options.js';
import { DEFAULT_CONNECTION } from './kafka.constants.js';

/**
 * What `forRoot` and `forRootAsync` take beside the options.
 *
 * @publicApi
 */
export interface KafkaModuleExtras {
  /** The name of the connection, for tokens and `@MessageHandler`'s `connection`. @default 'default' */
  name?: string;

  /** Whether every module may inject consumer and producer without importing this one. @default false */
  isGlobal?: boolean;
}

/**
 * A class for `forRootAsync({ useClass })` or `({ useExisting })`.
 *
 * @publicApi
 */
export interface KafkaOptionsFactory {
  createKafkaOptions(): KafkaOptions | Promise<KafkaOptions>;
}

const extras: KafkaModuleExtras = { name: DEFAULT_CONNECTION, isGlobal: false };

export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN: KAFKA_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<KafkaOptions>({ moduleName: 'Kafka' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createKafkaOptions')
  .setExtras(extras, (definition, { isGlobal }) => ({ ...definition, global: isGlobal ?? false }))
  .build();
