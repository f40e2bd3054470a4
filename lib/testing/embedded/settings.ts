import { EmbeddedKafkaError } from './embedded-kafka.error.js';
import { type EmbeddedKafkaOptions } from './embedded-kafka.options.js';
import { type ClusterOptions } from './cluster/cluster.js';
import { type SaslMechanism, type SaslSettings } from './sasl/sasl-session.js';

const MECHANISMS: readonly SaslMechanism[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];
const MAX_BROKERS = 64;

/** Options with every default filled in. */
export interface Settings {
  brokers: number;
  cluster: ClusterOptions;
  maxRequestBytes: number;
  sasl?: SaslSettings;
}

/** @throws EmbeddedKafkaError for numbers out of range and unknown mechanisms */
export function resolveSettings(options: EmbeddedKafkaOptions): Settings {
  const brokers = integer(options, 'brokers', 1, 1, MAX_BROKERS);
  return {
    brokers,
    maxRequestBytes: integer(options, 'maxRequestBytes', 104_857_600, 1),
    sasl: options.sasl && { users: options.sasl.users, mechanisms: mechanisms(options.sasl.mechanisms) },
    cluster: {
      clusterId: 'embedded-kafka',
      autoCreateTopics: options.autoCreateTopics ?? true,
      topics: {
        numPartitions: integer(options, 'defaultPartitions', 1, 1),
        replicationFactor: Math.min(brokers, 3),
      },
      groups: {
        minSessionTimeoutMs: integer(options, 'minSessionTimeoutMs', 6000, 1),
        maxSessionTimeoutMs: integer(options, 'maxSessionTimeoutMs', 1_800_000, 1),
        initialRebalanceDelayMs: integer(options, 'initialRebalanceDelayMs', 0, 0),
        maxMetadataLength: integer(options, 'maxOffsetMetadataBytes', 4096, 0),
      },
    },
  };
}

type NumericOption = {
  [K in keyof EmbeddedKafkaOptions]-?: EmbeddedKafkaOptions[K] extends number | undefined ? K : never;
}[keyof EmbeddedKafkaOptions];

function integer(
  options: EmbeddedKafkaOptions,
  name: NumericOption,
  byDefault: number,
  min: number,
  max = 2 ** 31 - 1,
) {
  const value = options[name] ?? byDefault;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new EmbeddedKafkaError(`expected ${name} to be an integer from ${min} to ${max}, got ${String(value)}`);
}

function mechanisms(wanted: readonly SaslMechanism[] = MECHANISMS): readonly SaslMechanism[] {
  const unknown = wanted.find((mechanism) => !MECHANISMS.includes(mechanism));
  if (unknown === undefined && wanted.length > 0) return wanted;
  throw new EmbeddedKafkaError(`expected sasl.mechanisms out of ${MECHANISMS.join(', ')}, got ${String(unknown)}`);
}
