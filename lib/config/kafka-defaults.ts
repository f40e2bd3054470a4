import type { KafkaOptions, SslOptions } from './kafka-options.js';
import { type KafkaSettings } from './kafka-settings.js';
import { isMapping } from './mapping.js';

/** What holds where an option is not given. Stated here and in the docstrings of `KafkaOptions`, nowhere else. */
export const kafkaDefaults = {
  autoCommit: true,
  commitIntervalMs: 1000,
  commitAfterRecords: 10_000,
  processingOrder: 'partition',
  concurrency: 100,
  ackTimeoutMs: 60_000,
  format: 'json',
  formats: {},
  useGlobalEnhancers: false,
  onCrash: 'restart',
  startFromBeginning: false,
  autoStart: true,
  sessionTimeoutMs: 30_000,
  heartbeatIntervalMs: 3000,
  rebalanceTimeoutMs: 60_000,
  shutdownTimeoutMs: 30_000,
  clientId: 'nestjs-kafka',
  connectionTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  fetch: {
    minBytes: 1,
    maxBytes: 10_485_760,
    maxBytesPerPartition: 1_048_576,
    maxWaitMs: 5000,
    maxBufferedBytes: 52_428_800,
    checkCrcs: false,
  },
  producer: {
    lingerMs: 0,
    deliveryTimeoutMs: 120_000,
    maxRequestBytes: 1_048_576,
    maxBufferedBytes: 67_108_864,
    compression: 'none',
  },
  assignors: ['cooperative-sticky'],
  leaveOnStop: true,
  maxInFlightRecords: 10_000,
  maxInFlightBytes: 67_108_864,
  retry: { initialDelayMs: 500, multiplier: 2, maxDelayMs: 30_000, jitter: 'full' },
  deadLetter: false,
  createTopics: true,
  onExhausted: 'retry',
  ssl: false,
} satisfies Omit<KafkaSettings, 'brokers'>;

export const sslDefaults = { rejectUnauthorized: true } satisfies SslOptions;

export function withDefaults(options: KafkaOptions): KafkaSettings {
  const concurrency = options.concurrency ?? kafkaDefaults.concurrency;
  return {
    ...kafkaDefaults,
    maxInFlightRecords: Math.max(kafkaDefaults.maxInFlightRecords, 4 * concurrency),
    ...options,
    leaveOnStop: options.leaveOnStop ?? (options.groupInstanceId === undefined && kafkaDefaults.leaveOnStop),
    fetch: { ...kafkaDefaults.fetch, ...options.fetch },
    producer: { ...kafkaDefaults.producer, ...options.producer },
    retry: { ...kafkaDefaults.retry, ...options.retry },
    ssl: isMapping(options.ssl) ? { ...sslDefaults, ...options.ssl } : (options.ssl ?? kafkaDefaults.ssl),
  };
}
