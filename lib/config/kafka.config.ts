import { registerAs } from '@nestjs/config';
import { loadKafkaOptions } from './load-options.js';

/**
 * The Kafka options of file and environment as a namespace of `@nestjs/config`, for `ConfigModule.forRoot({ load })`
 * and `KafkaModule.forRootAsync(kafkaConfig.asProvider())`. Both are read when Nest calls it, after `.env` is loaded.
 *
 * @publicApi
 */
export const kafkaConfig = registerAs('kafka', () => loadKafkaOptions());
