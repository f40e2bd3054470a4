import type { FetchOptions, KafkaOptions, RetryOptions } from './kafka-options.js';

type Optional = 'group' | 'topics' | 'handlerTimeoutMs' | 'connectTimeoutMs' | 'rackId' | 'groupInstanceId' | 'sasl';

/** The options once validated and completed with their defaults: what the rest of the module reads. */
export type KafkaSettings = Required<Omit<KafkaOptions, Optional | 'fetch' | 'retry'>> &
  Pick<KafkaOptions, Optional> & { fetch: Required<FetchOptions>; retry: RetrySettings };

/** `maxAttempts` is `Infinity` when there is no limit. */
export type RetrySettings = Required<RetryOptions>;
