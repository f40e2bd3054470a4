import { Refusal } from '../protocol/errors.js';

/** Configuration of topics with Kafka's defaults. Only the first two change what EmbeddedKafka does. */
export const TOPIC_DEFAULTS: Readonly<Record<string, string>> = {
  'max.message.bytes': '1048588',
  'message.timestamp.type': 'CreateTime',
  'cleanup.policy': 'delete',
  'compression.type': 'producer',
  'delete.retention.ms': '86400000',
  'file.delete.delay.ms': '60000',
  'flush.messages': '9223372036854775807',
  'flush.ms': '9223372036854775807',
  'index.interval.bytes': '4096',
  'max.compaction.lag.ms': '9223372036854775807',
  'min.cleanable.dirty.ratio': '0.5',
  'min.compaction.lag.ms': '0',
  'min.insync.replicas': '1',
  preallocate: 'false',
  'retention.bytes': '-1',
  'retention.ms': '604800000',
  'segment.bytes': '1073741824',
  'segment.index.bytes': '10485760',
  'segment.jitter.ms': '0',
  'segment.ms': '604800000',
  'unclean.leader.election.enable': 'false',
};

/** What is accepted for the configurations that matter here. */
const VALID: Readonly<Record<string, RegExp>> = {
  'max.message.bytes': /^\d+$/,
  'message.timestamp.type': /^(CreateTime|LogAppendTime)$/,
  'cleanup.policy': /^(delete|compact|compact,delete|delete,compact)$/,
  'retention.ms': /^-?\d+$/,
  'retention.bytes': /^-?\d+$/,
};

/** One setting, `value` null for the default. */
export interface ConfigEntry {
  name: string;
  value: string | null;
}

/** @throws Refusal `INVALID_CONFIG` for a name that topics do not have, or a value that it cannot have */
export function expectTopicConfigs(entries: readonly ConfigEntry[]): void {
  for (const { name, value } of entries) {
    if (!Object.hasOwn(TOPIC_DEFAULTS, name)) throw new Refusal('INVALID_CONFIG', `unknown topic config name: ${name}`);
    if (value !== null && VALID[name]?.test(value) === false) {
      throw new Refusal('INVALID_CONFIG', `invalid value ${value} for configuration ${name}`);
    }
  }
}
