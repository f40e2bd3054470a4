import { Inject } from '@nestjs/common';
import { getKafkaConsumerToken, getKafkaProducerToken } from '../kafka.constants.js';

/**
 * Injects the consumer of a connection; without a name the default one, as the type `Consumer` alone does.
 *
 * @publicApi
 */
export const InjectKafkaConsumer = (name?: string) => Inject(getKafkaConsumerToken(name));

/**
 * Injects the producer of a connection; without a name the default one, as the type `Producer` alone does.
 *
 * @publicApi
 */
export const InjectKafkaProducer = (name?: string) => Inject(getKafkaProducerToken(name));
