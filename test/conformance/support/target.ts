import kafkajs, { type Kafka, type KafkaConfig } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { EmbeddedKafka } from '../../../lib/testing/index.js';

/** The brokers under test: those of `KAFKA_TEST_BROKERS`, or three embedded ones. */
export interface Target {
  brokers: string[];
  stop(): Promise<void>;
}

export async function openTarget(): Promise<Target> {
  const brokers = process.env.KAFKA_TEST_BROKERS?.split(',').filter(Boolean);
  if (brokers?.length) return { brokers, stop: async () => undefined };
  return EmbeddedKafka.start({ brokers: 3 });
}

export function createClient({ brokers }: Target, config: Partial<KafkaConfig> = {}): Kafka {
  return new kafkajs.Kafka({ brokers, clientId: 'conformance', logLevel: kafkajs.logLevel.NOTHING, ...config });
}

/** A name that no other test and no earlier run on the same brokers has used. */
export function unique(name: string): string {
  return `${name}-${randomUUID().slice(0, 8)}`;
}

/** Creates a topic and resolves when every partition has a leader. */
export async function createTopic(
  target: Target,
  {
    partitions = 1,
    replicationFactor,
    configs = {},
  }: { partitions?: number; replicationFactor?: number; configs?: Record<string, string> } = {},
): Promise<string> {
  const topic = unique('topic');
  const admin = createClient(target).admin();
  await admin.connect();
  const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
  await admin.createTopics({
    topics: [{ topic, numPartitions: partitions, replicationFactor, configEntries }],
    waitForLeaders: true,
  });
  await admin.disconnect();
  return topic;
}
