import type { AssignorName } from '../engine/client/client-settings.js';
import type { Compression } from '../engine/client/produce/pending-record.js';
import type { FailureClassifier, NonRetriable } from '../messaging/failure-class.js';
import type { Format } from '../messaging/format.js';
import type { Message } from '../messaging/message.js';
import type { ProcessingOrder } from '../messaging/processing-order.js';

/**
 * What `KafkaModule.forRoot` takes, one member an option. In the YAML file the same options stand below `kafka:`, in
 * snake_case or camelCase; in the environment each is `KAFKA_` and its path in upper snake case
 * (`retry.maxAttempts` is `KAFKA_RETRY_MAX_ATTEMPTS`), lists separated by commas; an empty variable counts as not set.
 *
 * @publicApi
 */
export interface KafkaOptions {
  /** Bootstrap servers, each `host:port`. */
  brokers: string[];

  /** Consumer group, used as it stands. Required as soon as a handler exists. */
  group?: string;

  /** What to subscribe to. @default the topics of the handlers */
  topics?: string[];

  /**
   * `true`: completed offsets are committed in the background, every {@link commitIntervalMs}.
   * `false`: each record's offset is committed as soon as it is completed, before the next record of its lane.
   *
   * @default true
   */
  autoCommit?: boolean;

  /** Milliseconds between two background commits. @default 1000 */
  commitIntervalMs?: number;

  /** Completed records after which a background commit does not wait for its interval. @default 10000 */
  commitAfterRecords?: number;

  /**
   * How records are split into lanes, the queues of what is handled one after the other: `'partition'`, one lane a
   * partition; `'key'`, one for each key of a partition, and one for the records without a key; `'unordered'`, each record by
   * itself. A handler's own `processingOrder` wins.
   *
   * @default 'partition'
   */
  processingOrder?: ProcessingOrder;

  /** Handlers that run at the same time at most, per consumer. @default 100 */
  concurrency?: number;

  /**
   * Milliseconds a call of a handler may take; past it, its `signal` is aborted, and the call counts as failed whatever comes
   * of it. The next attempt begins when it has settled. A handler's own wins.
   *
   * @default undefined: no limit
   */
  handlerTimeoutMs?: number;

  /** Milliseconds that a handler with `ack: 'manual'` has for its answer once it has returned. A handler's own wins. @default 60000 */
  ackTimeoutMs?: number;

  /**
   * What payloads are, for handlers and for values that are published and are neither bytes nor text. Your own, an object, in code only. A
   * handler's own wins.
   *
   * @default 'json'
   */
  format?: Format;

  /** Formats of single topics, by their names, for handlers without one of their own and for what is published. In code only. @default {} */
  formats?: Record<string, Format>;

  /**
   * Whether the application's global guards, interceptors, pipes and filters (`APP_GUARD`, `app.useGlobalPipes()`, …) apply to handlers,
   * too. They are mostly written for HTTP.
   *
   * @default false
   */
  useGlobalEnhancers?: boolean;

  /**
   * What follows when the consumer ends by an error or is refused by the brokers: `'restart'` makes it anew, later each time,
   * up to 30 s; `'exit'` ends the process by SIGTERM, for platforms that restart processes.
   *
   * @default 'restart'
   */
  onCrash?: CrashPolicy;

  /** Where a group starts on a topic it has no offset on at all: `true` at the beginning, `false` at the end. @default false */
  startFromBeginning?: boolean;

  /** `false`: boot without consuming; `KafkaConsumerService.start()` starts it later. @default true */
  autoStart?: boolean;

  /** The broker removes a member that it has not heard of for so many milliseconds. @default 30000 */
  sessionTimeoutMs?: number;

  /** Milliseconds between two heartbeats; less than a third of the session timeout is customary. @default 3000 */
  heartbeatIntervalMs?: number;

  /** Milliseconds the broker waits for members to rejoin in a rebalance. @default 60000 */
  rebalanceTimeoutMs?: number;

  /** Milliseconds a shutdown may take, running handlers, commits and leaving the group included. @default 30000 */
  shutdownTimeoutMs?: number;

  /**
   * Milliseconds the start waits for the consumer to join its group; past it the start fails.
   *
   * @default undefined: the start does not wait, the consumer connects in the background
   */
  connectTimeoutMs?: number;

  /** Name the brokers see in their logs and quotas, used as it stands. @default 'nestjs-kafka' */
  clientId?: string;

  /** The rack this process runs in, for brokers that let consumers fetch from the closest replica. @default undefined */
  rackId?: string;

  /** Milliseconds to wait for a connection to a broker. @default 10000 */
  connectionTimeoutMs?: number;

  /** Milliseconds to wait for a broker's answer. @default 30000 */
  requestTimeoutMs?: number;

  /** How records are fetched. */
  fetch?: FetchOptions;

  /** How messages are published. */
  producer?: ProducerOptions;

  /**
   * How the group divides its partitions among its members, the preferred way first. The members of a group need one in
   * common. `'cooperative-sticky'`: as evenly as can be, moving as little as can be, and only what moves pauses;
   * `'sticky'`: the same, but all partitions pause in a rebalance; `'roundrobin'`: in turn, all pause; for groups that have
   * members of plain kafkajs. All pause, too, as long as one of the listed ways makes them.
   *
   * @default ['cooperative-sticky']
   */
  assignors?: AssignorName[];

  /**
   * A name for this process that outlives it and that no other process of the group has at the same time (KIP-345): when
   * it comes back under the name within {@link sessionTimeoutMs}, it gets its partitions back without a rebalance.
   *
   * @default undefined
   */
  groupInstanceId?: string;

  /**
   * Whether a consumer that stops leaves its group, so that others take its partitions over at once; or lets them wait for
   * its return until its session ends.
   *
   * @default true, or false with a {@link groupInstanceId}
   */
  leaveOnStop?: boolean;

  /**
   * Records taken from the broker and not completed, per consumer. Half of it is divided equally among the partitions, the
   * other half is for those that need it; a partition that holds all it may is paused.
   *
   * @default 10000, or 4 × concurrency if that is more
   */
  maxInFlightRecords?: number;

  /** Bytes of those records, per consumer, divided likewise. @default 67108864 (64 MiB) */
  maxInFlightBytes?: number;

  /** How a failing message is tried again. A handler's own `retry` wins, member by member. */
  retry?: RetryOptions;

  /**
   * Errors that no further attempt can mend, beside `NonRetriableError`: classes of errors, or predicates. In code only.
   *
   * @default undefined
   */
  nonRetriable?: readonly NonRetriable[];

  /** What an error asks for; see {@link FailureClassifier}. In code only. @default undefined: the standard */
  classify?: FailureClassifier;

  /**
   * `true`: a message whose attempts are used up or pointless is published to `<topic>.dlq`, with headers that tell why; an
   * object: to the topic it names.
   *
   * @default false
   */
  deadLetter?: boolean | DeadLetterOptions;

  /**
   * Whether retry and dead-letter topics that are missing are created, with as many partitions and replicas as the topic they
   * belong to.
   *
   * @default true
   */
  createTopics?: boolean;

  /**
   * What happens to a message whose attempts are used up or pointless, where there are no dead letters: `'retry'` tries it for
   * ever at the longest delay, `'skip'` completes it unhandled and logs it, `'stop'` stops the consumer and leaves it uncommitted.
   *
   * @default 'retry'
   */
  onExhausted?: ExhaustedPolicy;

  /** `true`: TLS with the system's certificate authorities; an object: TLS with these settings. @default false */
  ssl?: boolean | SslOptions;

  /** @default no authentication */
  sasl?: SaslOptions;
}

/** @publicApi */
export interface FetchOptions {
  /** Bytes that must be there before the broker answers a fetch, unless {@link maxWaitMs} is over. @default 1 */
  minBytes?: number;

  /** Bytes of one fetch at most. @default 10485760 (10 MiB) */
  maxBytes?: number;

  /** Bytes of one partition in a fetch at most. @default 1048576 (1 MiB) */
  maxBytesPerPartition?: number;

  /** Milliseconds the broker holds a fetch that has nothing to return. @default 5000 */
  maxWaitMs?: number;

  /** Bytes fetched ahead of the handlers, or asked for, per consumer, beside those in flight. @default 52428800 (50 MiB) */
  maxBufferedBytes?: number;

  /**
   * `true` verifies the checksum of every batch of records, at about 1 µs per KB. Without it, a batch is only verified when
   * it cannot be decoded.
   *
   * @default false
   */
  checkCrcs?: boolean;
}

/** @publicApi */
export interface ProducerOptions {
  /**
   * Milliseconds that a message waits for others to go with it in one request. With 0, what is published in the same turn of
   * the event loop, or while the broker has yet to answer the last request, goes together.
   *
   * @default 0
   */
  lingerMs?: number;

  /** Milliseconds for which a message is tried to be stored; past it, its promise is rejected. @default 120000 */
  deliveryTimeoutMs?: number;

  /** Bytes of a request at most; a larger message goes alone. @default 1048576 (1 MiB) */
  maxRequestBytes?: number;

  /**
   * Bytes that wait for their acknowledgement, beyond which messages are not serialised: their promises take longer.
   *
   * @default 67108864 (64 MiB)
   */
  maxBufferedBytes?: number;

  /** How batches are compressed. @default 'none' */
  compression?: Compression;
}

/** @publicApi */
export interface RetryOptions {
  /**
   * Attempts in the lane, the first included.
   *
   * @default 1 for a handler with retry topics, 5 for one with dead letters, otherwise no limit
   */
  maxAttempts?: number;

  /** Milliseconds before the second attempt. @default 500 */
  initialDelayMs?: number;

  /** Factor by which the delay grows with each attempt. @default 2 */
  multiplier?: number;

  /** Milliseconds the delay never exceeds. @default 30000 */
  maxDelayMs?: number;

  /** `'full'` draws each delay between 0 and its value, so that many consumers do not retry in step. @default 'full' */
  jitter?: Jitter;

  /**
   * Milliseconds to wait after an attempt, 1 the first, that failed with an error; in place of all of the above but
   * {@link maxAttempts}, which hold where it throws or returns no number from 0 on. In code only.
   */
  delay?: (attempt: number, error: unknown) => number;
}

/** @publicApi */
export interface DeadLetterOptions {
  /**
   * The topic, or a function of the message and the error. A topic that a function chooses is not created; where it throws, or
   * returns no legal name, the default holds.
   *
   * @default `<topic>.dlq`
   */
  topic?: string | ((message: Message, error: unknown) => string);
}

/** @publicApi */
export type Jitter = 'full' | 'none';

/** @publicApi */
export type ExhaustedPolicy = 'retry' | 'skip' | 'stop';

/** @publicApi */
export type CrashPolicy = 'restart' | 'exit';

/**
 * Certificates and keys are PEM text, or the path of a file that holds it, relative to the working directory.
 *
 * @publicApi
 */
export interface SslOptions {
  /** Certificate authorities to trust. @default the system's */
  ca?: string;

  /** The client's certificate, for mutual TLS. */
  cert?: string;

  /** The client's private key, for mutual TLS. */
  key?: string;

  /** Passphrase of the private key. */
  passphrase?: string;

  /** Name the broker's certificate must carry. @default the broker's host name */
  servername?: string;

  /** `false` accepts any certificate; for development only. @default true */
  rejectUnauthorized?: boolean;
}

/** @publicApi */
export type SaslOptions = SaslPasswordOptions | SaslOAuthBearerOptions;

/** @publicApi */
export interface SaslPasswordOptions {
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  username: string;
  password: string;
}

/** @publicApi */
export interface SaslOAuthBearerOptions {
  mechanism: 'oauthbearer';

  /** Called for each connection and each re-authentication. Has `connectionTimeoutMs` to answer. */
  tokenProvider: () => Promise<{ value: string }>;
}
