import kafkajs, { type Kafka } from 'kafkajs';
import { EmbeddedKafka } from '../../lib/testing/index.js';

/**
 * How fast EmbeddedKafka is as seen by kafkajs: the start, the way from joining to the first record, and producing and
 * consuming records of 1 KB. With brokers in `KAFKA_TEST_BROKERS` the last two are measured there as well, in one run.
 */
const RECORDS = Number(process.env.RECORDS ?? 200_000);
const BATCH = 1000;
const PARTITIONS = 4;

const elapsed = (begin: number) => Math.round(performance.now() - begin);
const perSecond = (ms: number) => Math.round((RECORDS / ms) * 1000);

function createClient(brokers: string[]): Kafka {
  return new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
}

async function createTopic(client: Kafka): Promise<string> {
  const topic = `benchmark-${Date.now()}`;
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true });
  await admin.disconnect();
  return topic;
}

async function produce(client: Kafka, topic: string, count: number): Promise<number> {
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  const value = Buffer.alloc(1024, 'x');
  await producer.connect();
  const begin = performance.now();
  for (let sent = 0; sent < count; sent += BATCH) {
    const messages = Array.from({ length: Math.min(BATCH, count) }, (_, i) => ({ value, partition: i % PARTITIONS }));
    await producer.send({ topic, messages });
  }
  const ms = elapsed(begin);
  await producer.disconnect();
  return ms;
}

async function consume(client: Kafka, topic: string, count: number): Promise<{ first: number; rest: number }> {
  const consumer = client.consumer({ groupId: `benchmark-${Date.now()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const begin = performance.now();
  let first = 0;
  let consumed = 0;
  await new Promise<void>((resolve, reject) => {
    const eachBatch = async ({ batch }: { batch: { messages: unknown[] } }) => {
      first ||= elapsed(begin);
      consumed += batch.messages.length;
      if (consumed >= count) resolve();
    };
    consumer.run({ eachBatch }).catch(reject);
  });
  const rest = elapsed(begin) - first;
  await consumer.disconnect();
  return { first, rest };
}

async function measure(name: string, brokers: string[]): Promise<void> {
  const client = createClient(brokers);
  const topic = await createTopic(client);
  await produce(client, topic, BATCH);
  const { first } = await consume(client, topic, BATCH);
  const producing = await produce(client, topic, RECORDS - BATCH);
  const { rest } = await consume(client, topic, RECORDS);
  console.log(
    `${name}: join to first record ${first} ms, produce ${perSecond(producing)}/s, consume ${perSecond(rest)}/s`,
  );
}

const begin = performance.now();
const kafka = await EmbeddedKafka.start();
console.log(`embedded: start ${elapsed(begin)} ms`);
await measure('embedded', kafka.brokers);
await kafka.stop();
const others = process.env.KAFKA_TEST_BROKERS?.split(',').filter(Boolean);
if (others?.length) await measure('others', others);
