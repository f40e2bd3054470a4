import type { FetchOptions, KafkaOptions, ProducerOptions, RetryOptions } from './kafka-options.js';

type Optional =
  | 'group'
  | 'topics'
  | 'handlerTimeoutMs'
  | 'connectTimeoutMs'
  | 'rackId'
  | 'groupInstanceId'
  | 'nonRetriable'
  | 'classify'
  | 'sasl';

/** The options once validated and completed with their defaults: what the rest of the module reads. */
export type KafkaSettings = Required<Omit<KafkaOptions, Optional | 'fetch' | 'producer' | 'retry'>> &
  Pick<KafkaOptions, Optional> & {
    fetch: Required<FetchOptions>;
    producer: Required<ProducerOptions>;
    retry: RetrySettings;
  };

/** `maxAttempts` is left to the handler's other options where it is not given. */
export type RetrySettings = Required<Omit<RetryOptions, 'maxAttempts' | 'delay'>> &
  Pick<RetryOptions, 'maxAttempts' | 'delay'>;
