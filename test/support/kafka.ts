import { randomUUID } from 'node:crypto';
import kafkajs, { type KafkaMessage, type Message, type Producer } from 'kafkajs';
import { eventually } from './eventually.js';

const { Kafka, logLevel } = kafkajs;

/** A message with a string, or all that kafkajs takes. */
export type TestMessage = string | Message;

/** Points the helpers to a broker that the spec has started itself. Other specs are not concerned: each has its own environment. */
export function useBrokers(servers: readonly string[]): void {
  process.env.KAFKA_TEST_BROKERS = servers.join(',');
}

/** Bootstrap servers of the run's broker. */
export function brokers(): string[] {
  const servers = process.env.KAFKA_TEST_BROKERS;
  if (servers) return servers.split(',');
  throw new Error('KAFKA_TEST_BROKERS is not set: specs that need a broker belong in test/e2e or test/conformance');
}

/** A plain, quiet kafkajs client, to look at the broker from outside the module. */
export function client(servers = brokers()): InstanceType<typeof Kafka> {
  return new Kafka({ clientId: 'test', brokers: servers, logLevel: logLevel.NOTHING });
}

/** A connected producer that neither repeats nor creates, for what is written while brokers come and go. */
export async function idempotentProducer(servers: readonly string[]): Promise<Producer> {
  const retry = { initialRetryTime: 50, maxRetryTime: 500, retries: 10 };
  const producer = client([...servers]).producer({ idempotent: true, allowAutoTopicCreation: false, retry });
  await producer.connect();
  return producer;
}

/** A name for a topic or a group that no other spec, and no earlier run on the same broker, uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`;
}

/** Creates a topic and waits until its partitions have leaders. */
export async function createTopic(topic: string, numPartitions = 1): Promise<string> {
  await withAdmin((admin) => admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true }));
  return topic;
}

export function deleteTopic(topic: string): Promise<void> {
  return withAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
}

/** Commits an offset of partition 0 for a group that has no members. */
export function setOffset(group: string, topic: string, offset: string): Promise<void> {
  return withAdmin((admin) => admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset }] }));
}

/** The names of all topics. */
export function listTopics(): Promise<string[]> {
  return withAdmin((admin) => admin.listTopics());
}

/** Publishes messages in order, acknowledged by all replicas. */
export async function produce(topic: string, messages: readonly TestMessage[]): Promise<void> {
  const producer = client().producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic, messages: messages.map((m) => (typeof m === 'string' ? { value: m } : m)) });
  } finally {
    await producer.disconnect();
  }
}

/** The committed offset as a decimal string; `undefined` where the group has committed none. */
export async function committedOffset(group: string, topic: string, partition = 0): Promise<string | undefined> {
  let offset: string | undefined;
  // kafkajs gives up at once while the coordinator is loading, as it does for the first group of a new broker
  await eventually(async () => {
    const [result] = await withAdmin((admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }));
    offset = result?.partitions.find((p) => p.partition === partition)?.offset;
  });
  return offset === '-1' ? undefined : offset; // -1 is how Kafka says none
}

/** Waits until the group has committed exactly `offset`. */
export async function untilCommitted(group: string, topic: string, offset: string, partition = 0): Promise<void> {
  let committed: string | undefined;
  await eventually(async () => (committed = await committedOffset(group, topic, partition)) === offset, {
    message: () => `expected ${group} to commit ${offset} of ${topic}[${partition}], got ${committed ?? 'none'}`,
  });
}

type Admin = ReturnType<InstanceType<typeof Kafka>['admin']>;

async function withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client().admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Waits until a topic holds so many records, and gives them in the order of partition and offset. */
export async function recordsOf(topic: string, count: number): Promise<KafkaMessage[]> {
  await eventually(async () => (await listTopics()).includes(topic), { message: `topic ${topic} does not exist` });
  const consumer = client().consumer({ groupId: uniqueName('reader'), maxWaitTimeInMs: 100 });
  const found: (KafkaMessage & { partition: number })[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: ({ partition, message }) => Promise.resolve(void found.push({ ...message, partition })),
    });
    await eventually(() => found.length >= count, {
      timeoutMs: 20_000,
      message: () => `expected ${count} records in ${topic}, got ${found.length}`,
    });
  } finally {
    await consumer.disconnect();
  }
  return found.toSorted((a, b) => a.partition - b.partition || Number(a.offset) - Number(b.offset));
}
