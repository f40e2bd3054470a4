import { type SaslMechanism } from './sasl/sasl-session.js';

/**
 * A topic to create.
 *
 * @publicApi
 */
export interface EmbeddedTopic {
  name: string;

  /** @default the broker's `defaultPartitions` */
  partitions?: number;

  /** At most the number of brokers. @default the number of brokers, up to 3 */
  replicationFactor?: number;

  /**
   * Settings by Kafka's names. `max.message.bytes` and `message.timestamp.type` have an effect, the others are kept and
   * given back.
   *
   * @default {}
   */
  configs?: Record<string, string>;
}

/**
 * How {@link EmbeddedKafka} is to be.
 *
 * @publicApi
 */
export interface EmbeddedKafkaOptions {
  /** Number of brokers. Each listens on a free port; partitions are led by them in turn. @default 1 */
  brokers?: number;

  /** Topics to begin with; a name alone stands for one with the defaults. @default [] */
  topics?: (EmbeddedTopic | string)[];

  /** Whether a topic that a client asks for is created (`auto.create.topics.enable`). @default true */
  autoCreateTopics?: boolean;

  /** Partitions of topics that do not say (`num.partitions`). @default 1 */
  defaultPartitions?: number;

  /** Makes clients authenticate. @default no authentication */
  sasl?: {
    /** Passwords by user name. */
    users: Record<string, string>;

    /** @default all three */
    mechanisms?: SaslMechanism[];
  };

  /**
   * Shortest session timeout a group member may ask for, in ms (`group.min.session.timeout.ms`). Kafka's default is
   * ours, so that what starts here starts there too.
   *
   * @default 6000
   */
  minSessionTimeoutMs?: number;

  /** Longest session timeout, in ms (`group.max.session.timeout.ms`). @default 1800000 */
  maxSessionTimeoutMs?: number;

  /**
   * How long the first rebalance of an empty group waits for more members, in ms (`group.initial.rebalance.delay.ms`,
   * 3000 in Kafka).
   *
   * @default 0
   */
  initialRebalanceDelayMs?: number;

  /** Longest metadata of a committed offset (`offset.metadata.max.bytes`; in fact Kafka counts characters). @default 4096 */
  maxOffsetMetadataBytes?: number;

  /** Longest request, in bytes (`socket.request.max.bytes`); a longer one closes its connection. @default 104857600 */
  maxRequestBytes?: number;
}
