import { randomUUID } from 'node:crypto';
import kafkajs, { type Kafka } from 'kafkajs';
import { EmbeddedKafka, findRealBroker, startTestBroker } from '../../lib/testing/index.js';

/**
 * How fast EmbeddedKafka is as seen by kafkajs, beside a real Kafka where one can be had, in turn: the start, the way
 * from joining to the first record, and producing and consuming records of 1 KB. Prints medians.
 */
const RECORDS = Number(process.env.RECORDS ?? 200_000);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const BATCH = 1000;
const PARTITIONS = 4;

const elapsed = (begin: number) => Math.round(performance.now() - begin);
const perSecond = (ms: number) => Math.round((RECORDS / ms) * 1000);

function createClient(brokers: string[]): Kafka {
  return new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
}

async function createTopic(client: Kafka): Promise<string> {
  const topic = `benchmark-${randomUUID()}`;
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
  const consumer = client.consumer({ groupId: `benchmark-${randomUUID()}`, maxWaitTimeInMs: 100 });
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

interface Figures {
  firstRecordMs: number;
  producedPerSecond: number;
  consumedPerSecond: number;
}

async function measure(brokers: string[]): Promise<Figures> {
  const client = createClient(brokers);
  const topic = await createTopic(client);
  const produced = await produce(client, topic, RECORDS);
  const consumed = await consume(client, topic, RECORDS);
  return {
    firstRecordMs: consumed.first,
    producedPerSecond: perSecond(produced),
    consumedPerSecond: perSecond(consumed.rest),
  };
}

function medians(rounds: Figures[]): Figures {
  const median = (name: keyof Figures) => rounds.map((round) => round[name]).sort((a, b) => a - b)[rounds.length >> 1]!;
  return {
    firstRecordMs: median('firstRecordMs'),
    producedPerSecond: median('producedPerSecond'),
    consumedPerSecond: median('consumedPerSecond'),
  };
}

const begin = performance.now();
await using kafka = await EmbeddedKafka.start();
console.log(`${RECORDS} records of 1 KB, ${ROUNDS} rounds; the embedded broker started in ${elapsed(begin)} ms`);

const { kind, reason } = await findRealBroker();
await using real = kind && (await startTestBroker({ kind }));
if (!real) console.log(`No real Kafka to compare with: ${reason}`);

const rounds: Record<string, Figures[]> = {};
for (let round = 0; round < ROUNDS; round++) {
  (rounds.embedded ??= []).push(await measure(kafka.brokers));
  if (real) (rounds[real.kind] ??= []).push(await measure(real.brokers));
}
console.table(Object.fromEntries(Object.entries(rounds).map(([name, figures]) => [name, medians(figures)])));
