import { Inject, Module, type DynamicModule, type Provider } from '@nestjs/common';
import { DiscoveryModule, ModulesContainer } from '@nestjs/core';
import { kafkaConfig } from './config/kafka.config.js';
import { validateOptions } from './config/validate-options.js';
import { KafkaConnectionModule } from './connection/kafka-connection.module.js';
import { refuseSecondConnection } from './connection/refuse-second-connection.js';
import { ConsumerWatchers } from './consumer/consumer-watchers.js';
import { HandlerRegistry } from './consumer/handler.registry.js';
import { KafkaConsumerModule } from './consumer/kafka-consumer.module.js';
import { KafkaConsumerService } from './consumer/kafka-consumer.service.js';
import { DeadLetterService } from './dead-letters/dead-letter.service.js';
import { HandlerExplorer } from './discovery/handler.explorer.js';
import { HandlerPipeline } from './discovery/handler.pipeline.js';
import { HandlerMetadataAccessor } from './discovery/handler-metadata.accessor.js';
import {
  DEFAULT_CONNECTION,
  getDeadLetterServiceToken,
  getKafkaConsumerToken,
  getKafkaProducerToken,
  KAFKA_CONNECTION,
  KAFKA_CONSUMER,
  KAFKA_PRODUCER,
  KAFKA_SETTINGS,
  KAFKA_TELEMETRY,
} from './kafka.constants.js';
import { ASYNC_OPTIONS_TYPE, ConfigurableModuleClass, KAFKA_OPTIONS, OPTIONS_TYPE } from './kafka.module-definition.js';
import { KafkaProducer } from './producer/kafka-producer.js';
import { ConsumerGauges } from './telemetry/consumer-gauges.js';
import { createTelemetry } from './telemetry/create-telemetry.js';

/**
 * A connection to a Kafka cluster: its consumer runs the application's `@MessageHandler` methods, its producer publishes.
 *
 * @publicApi
 */
@Module({})
export class KafkaModule extends ConfigurableModuleClass {
  constructor(@Inject(KAFKA_CONNECTION) connection: string, modules: ModulesContainer) {
    super();
    refuseSecondConnection(connection, KafkaModule, modules);
  }

  /**
   * Options given in code are final; without any, file and environment are read as by {@link forRootAsync}.
   *
   * @throws KafkaConfigError at the start, with every fault of the options
   */
  static override forRoot(options?: typeof OPTIONS_TYPE): DynamicModule {
    return options ? assemble(super.forRoot(options), options.name) : KafkaModule.forRootAsync();
  }

  /**
   * Options by `useFactory`, `useClass` or `useExisting`; without one of them, from the YAML file and the environment.
   *
   * @throws KafkaConfigError at the start, with every fault of the options
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE = {}): DynamicModule {
    const isGiven = options.useFactory ?? options.useClass ?? options.useExisting;
    const complete = isGiven ? options : { ...kafkaConfig.asProvider(), ...options };
    return assemble(super.forRootAsync(complete), options.name);
  }
}

/** Splits what the builder made into the part that ends last and the part that starts last. */
function assemble({ module, global, imports, providers }: DynamicModule, name = DEFAULT_CONNECTION): DynamicModule {
  const connection = connectionModule(name, imports, providers);
  const consumer = consumerModule(name, connection);
  return { module, global, imports: [connection, consumer], exports: [connection, consumer] };
}

function connectionModule(name: string, imports: DynamicModule['imports'], options: Provider[] = []): DynamicModule {
  const producer = getKafkaProducerToken(name);
  const deadLetters = name === DEFAULT_CONNECTION ? DeadLetterService : getDeadLetterServiceToken(name);
  return {
    module: KafkaConnectionModule,
    imports,
    providers: [
      ...options,
      { provide: KAFKA_CONNECTION, useValue: name },
      { provide: KAFKA_SETTINGS, inject: [KAFKA_OPTIONS], useFactory: validateOptions },
      { provide: KAFKA_TELEMETRY, inject: [KAFKA_CONNECTION], useFactory: createTelemetry },
      { provide: producer, useClass: KafkaProducer },
      { provide: deadLetters, useClass: DeadLetterService },
      { provide: KAFKA_PRODUCER, useExisting: producer },
    ],
    exports: [KAFKA_CONNECTION, KAFKA_SETTINGS, KAFKA_TELEMETRY, KAFKA_PRODUCER, producer, deadLetters],
  };
}

function consumerModule(name: string, connection: DynamicModule): DynamicModule {
  const consumer = getKafkaConsumerToken(name);
  return {
    module: KafkaConsumerModule,
    imports: [DiscoveryModule, connection],
    providers: [
      HandlerMetadataAccessor,
      HandlerPipeline,
      HandlerExplorer,
      HandlerRegistry,
      ConsumerWatchers,
      KafkaConsumerService,
      ConsumerGauges,
      { provide: consumer, useExisting: KafkaConsumerService },
      { provide: KAFKA_CONSUMER, useExisting: consumer },
    ],
    exports: name === DEFAULT_CONNECTION ? [consumer, KafkaConsumerService] : [consumer],
  };
}
