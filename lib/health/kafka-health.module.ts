import { Module, type DynamicModule } from '@nestjs/common';
import { KafkaHealthIndicator } from './kafka-health.indicator.js';
import { KafkaHealth } from './kafka-health.js';
import { KAFKA_HEALTH_OPTIONS, type KafkaHealthOptions } from './kafka-health.options.js';

/**
 * Provides {@link KafkaHealth} and {@link KafkaHealthIndicator}, which look after all connections of the application.
 *
 * @publicApi
 */
@Module({
  providers: [KafkaHealth, KafkaHealthIndicator],
  exports: [KafkaHealth, KafkaHealthIndicator],
})
export class KafkaHealthModule {
  /** The same with other limits than the defaults. */
  static forRoot(options: KafkaHealthOptions): DynamicModule {
    return { module: KafkaHealthModule, providers: [{ provide: KAFKA_HEALTH_OPTIONS, useValue: options }] };
  }
}
