import kafkajs, { type Kafka } from 'kafkajs';

export interface TopicPlan {
  topic: string;
  partitions: number;
  records: number;

  /** Records of a batch. @default 100 */
  batch?: number;

  /** Different keys, each of one partition, in a fixed random order. @default one for each record of a send */
  keys?: number;
}

const differentRecords = 1_000;
const recordBytes = 1_024;

/** Creates topics of one replica and fills them with structured JSON of 1 KB, spread evenly over their partitions. */
export async function prepareTopics(brokers: readonly string[], plans: readonly TopicPlan[]): Promise<void> {
  const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  const topics = plans.map(({ topic, partitions }) => ({ topic, numPartitions: partitions, replicationFactor: 1 }));
  await admin.createTopics({ topics, waitForLeaders: true });
  await admin.fetchOffsets({ groupId: 'warm-up' }); // makes the cluster create the topic of the groups' offsets
  await admin.disconnect();
  for (const plan of plans) await fill(client, plan);
}

/** Each send is one batch for each partition. */
async function fill(client: Kafka, { topic, partitions, records, batch = 100, keys }: TopicPlan): Promise<void> {
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  const values = Array.from({ length: differentRecords }, (_, at) => order(at));
  const random = randomFrom(records);
  const numberAt = (at: number): number => (keys === undefined ? at : Math.floor(random() * keys));
  await producer.connect();
  for (let sent = 0; sent < records;) {
    const count = Math.min(batch * partitions, records - sent);
    const messages = Array.from({ length: count }, (_, at) => {
      const number = numberAt(at);
      const value = values[(sent + at) % differentRecords]!;
      return { key: `customer-${number}`, value, partition: number % partitions };
    });
    await producer.send({ topic, messages, acks: 1 });
    sent += count;
  }
  await producer.disconnect();
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** An order with a note as long as makes it 1 KB. */
export function order(at: number): Buffer {
  const line = (sku: number) => ({
    sku: `SKU-${sku}`,
    quantity: (sku % 5) + 1,
    price: 9.95 + sku,
    gift: sku % 2 === 0,
  });
  const content = {
    id: `order-${at}`,
    at: new Date(1_700_000_000_000 + at).toISOString(),
    customer: { id: at * 7, name: `Customer ${at}`, email: `customer.${at}@example.com`, tags: ['new', 'web'] },
    address: { street: `${at} Long Street`, city: 'Springfield', zip: '12345', country: 'US' },
    lines: Array.from({ length: 8 }, (_, sku) => line(at + sku)),
    total: 123.45 + at,
    note: '',
  };
  const missing = recordBytes - Buffer.byteLength(JSON.stringify(content));
  return Buffer.from(JSON.stringify({ ...content, note: 'x'.repeat(Math.max(0, missing)) }));
}
