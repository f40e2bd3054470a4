import { kafkaDefaults } from '../../../lib/config/kafka-defaults.js';
import type { Comparison, Target } from '../common/report.js';
import { Sampler, type Figures } from '../common/samples.js';
import type { TopicPlan } from '../common/topics.js';
import type { ContenderName, Job } from './job.js';

/** What is measured on one broker. */
export interface Scenario {
  /** To choose it on the command line. */
  name: string;
  topics: readonly TopicPlan[];
  measure(brokers: readonly string[], rounds: number): Promise<Comparison[]>;
}

const sampler = new Sampler<Job>(new URL('child.ts', import.meta.url));
const thousand = 1_000;

const atLeast = (ratio: number): Target => ({ text: `≥ ${ratio}`, isMet: (row) => row.ratio >= ratio });
const atMost = (ratio: number): Target => ({ text: `≤ ${ratio}`, isMet: (row) => row.ratio <= ratio });
const within = (most: number, unit: string): Target => ({
  text: `≤ ${most} ${unit}`,
  isMet: ({ measured }) => measured <= most,
});

/** Milliseconds more than what it is measured against. */
const plus = (ms: number): Target => ({
  text: `≤ + ${ms} ms`,
  isMet: ({ measured, ratio }) => measured - measured / ratio <= ms,
});

const noop: TopicPlan = { topic: 'noop', partitions: 4, records: 200 * thousand };
const work: TopicPlan = { topic: 'work', partitions: 4, records: 100 * thousand, keys: 1_000 };
const latency: TopicPlan = { topic: 'latency', partitions: 4, records: 0 };
const million: TopicPlan = { topic: 'million', partitions: 4, records: 1_000 * thousand };
const few: TopicPlan = { topic: 'few', partitions: 4, records: 400 };

const results: TopicPlan = { topic: 'results', partitions: 4, records: 0 };
const publishing: TopicPlan = { topic: 'publishing', partitions: 4, records: 0 };

/** Keys, and the seconds that the Confluent Parallel Consumer's documentation tells for 10,000 records. */
const published: readonly (readonly [order: Job['order'], keys: number, seconds: number])[] = [
  ['partition', 1_000, 22.2],
  ['key', 1, 26.7],
  ['key', 2, 13.6],
  ['key', 5, 5.9],
  ['key', 10, 3.3],
  ['key', 20, 2.24],
  ['key', 100, 2.18],
  ['key', 1_000, 2.06],
  ['unordered', 1_000, 2.83],
];

const parallelTopic = (keys: number): TopicPlan => ({
  topic: `parallel-${keys}`,
  partitions: 1,
  records: 10 * thousand,
  keys,
});

export const scenarios: readonly Scenario[] = [
  { name: 'noop', topics: [noop], measure: measureNoop },
  { name: 'pipeline', topics: [noop], measure: measurePipeline },
  { name: 'telemetry', topics: [noop], measure: measureTelemetry },
  { name: 'work', topics: [work], measure: measureWork },
  {
    name: 'parallel',
    topics: [...new Set(published.map(([, keys]) => keys))].map(parallelTopic),
    measure: measureParallel,
  },
  { name: 'latency', topics: [latency], measure: measureLatency },
  { name: 'memory', topics: [million], measure: measureMemory },
  { name: 'lifecycle', topics: [few], measure: measureLifecycle },
  { name: 'publishing', topics: [publishing], measure: measurePublishing },
  { name: 'results', topics: [work, results], measure: measureResults },
];

async function measureNoop(brokers: readonly string[], rounds: number): Promise<Comparison[]> {
  const of = (contender: ContenderName): Job =>
    job(brokers, { task: 'consume', contender, topic: noop.topic, records: noop.records });
  const [module, eachBatch, eachMessage, microservices] = await sampler.inTurn(
    [of('module'), of('eachBatch'), of('eachMessage'), of('microservices')],
    rounds,
  );
  const row = (name: string, against: Figures[] | undefined, ratio: number): Comparison =>
    compare(`no-op handler, against ${name}`, 'records / s', 'recordsPerSecond', [module, against], atLeast(ratio));
  return [
    row('kafkajs eachBatch', eachBatch, 1.15),
    row('kafkajs eachMessage', eachMessage, 1.35),
    row('@nestjs/microservices', microservices, 4.5),
  ];
}

/** What is bound to a handler costs what Nest takes for it; with nothing, nearly nothing. */
async function measurePipeline(brokers: readonly string[], rounds: number): Promise<Comparison[]> {
  const names = ['engine', 'module', 'guard', 'interceptor', 'dto', 'batch'] as const;
  const jobs = names.map((contender) =>
    job(brokers, { task: 'consume', contender, topic: noop.topic, records: noop.records }),
  );
  const [engine, module, ...bound] = await sampler.inTurn(jobs, rounds);
  const row = (what: string, samples: (Figures[] | undefined)[], target?: Target): Comparison =>
    compare(what, 'records / s', 'recordsPerSecond', samples, target);
  const what = ['with a guard', 'with an interceptor', 'with a DTO (ValidationPipe)', 'in batches of 500'];
  return [
    row('no-op handler, against the engine without Nest', [module, engine], atLeast(0.9)),
    ...what.map((kind, at) => row(`no-op handler ${kind}, against the same without`, [bound[at], module])),
  ];
}

/** Samples for each round: a few percent are what there is to see. */
const telemetryPairs = 3;

/** CPU of the process for a record whose handler does nothing, which makes the most of what watching it costs. */
async function measureTelemetry(brokers: readonly string[], rounds: number): Promise<Comparison[]> {
  const names = ['unobserved', 'module', 'observer', 'metrics', 'traces', 'unsampled'] as const;
  const jobs = names.map((contender) =>
    job(brokers, { task: 'cpu', contender, topic: noop.topic, records: noop.records }),
  );
  const [unobserved, ...watched] = await sampler.inTurn(jobs, rounds * telemetryPairs);
  const kinds: readonly (readonly [what: string, target?: Target])[] = [
    ['no SDK set', atMost(1.05)],
    ['a ConsumerObserver'],
    ['an SDK for metrics', atMost(1.1)],
    ['an SDK for traces, all sampled'],
    ['an SDK for traces, none sampled'],
  ];
  return kinds.map(([what, target], at) =>
    compare(
      `no-op handler, ${what}, against the same without telemetry`,
      'µs CPU / record',
      'microsPerRecord',
      [watched[at], unobserved],
      target,
    ),
  );
}

async function measureWork(brokers: readonly string[], rounds: number): Promise<Comparison[]> {
  const inFlight = 256;
  const handlerMs = [5, 5] as const;
  const base = { task: 'consume', topic: work.topic, handlerMs } as const;
  const [module, microservices] = await sampler.inTurn(
    [
      job(brokers, { ...base, contender: 'module', records: work.records, order: 'key', concurrency: inFlight }),
      job(brokers, { ...base, contender: 'microservices', records: 4 * thousand, partitionsAtATime: 4 }),
    ],
    rounds,
  );
  const ideal = inFlight / (handlerMs[0] / 1000);
  const row = (name: string, against: Figures[] | undefined, ratio: number): Comparison =>
    compare(
      `5 ms handler, 1000 keys, ${inFlight} in flight, against ${name}`,
      'records / s',
      'recordsPerSecond',
      [module, against],
      atLeast(ratio),
    );
  return [
    row(`the ideal`, [{ recordsPerSecond: ideal }], 0.75),
    row('@nestjs/microservices, 4 partitions at a time', microservices, 40),
  ];
}

async function measureParallel(brokers: readonly string[], rounds: number): Promise<Comparison[]> {
  const rows: Comparison[] = [];
  for (const [order, keys, seconds] of published) {
    const { topic, records } = parallelTopic(keys);
    const [samples = []] = await sampler.inTurn(
      [
        job(brokers, {
          task: 'parallel',
          contender: 'module',
          topic,
          records,
          handlerMs: [0, 5],
          order,
          concurrency: 100,
        }),
      ],
      rounds,
    );
    const what = `10,000 × 0–5 ms, ${order}${order === 'key' ? `, ${keys} key(s)` : ''} (Parallel Consumer: ${seconds} s), against the ideal`;
    rows.push({
      what,
      unit: 's',
      measured: figures(samples, 'seconds'),
      against: figures(samples, 'idealSeconds'),
      target: atMost(1.15),
    });
  }
  return rows;
}

async function measureLatency(brokers: readonly string[], rounds: number): Promise<Comparison[]> {
  const of = (contender: ContenderName): Job =>
    job(brokers, { task: 'latency', contender, topic: latency.topic, records: 10 * thousand });
  const samples = await sampler.inTurn([of('module'), of('eachMessage')], rounds);
  return [
    compare('produce to handler, 1000 records / s, p50, against kafkajs eachMessage', 'ms', 'p50', samples, plus(1)),
    compare('the same, p99', 'ms', 'p99', samples, plus(5)),
  ];
}

async function measureMemory(brokers: readonly string[], rounds: number): Promise<Comparison[]> {
  const capMb = kafkaDefaults.maxInFlightBytes / 1_000_000;
  const [samples = []] = await sampler.inTurn(
    [job(brokers, { task: 'memory', contender: 'module', topic: million.topic, handlerMs: [20, 20], order: 'key' })],
    rounds,
  );
  const what = '1,000,000 records waiting, 20 ms handler: growth of RSS, against maxInFlightBytes';
  return [compare(what, 'MB', 'growthMb', [samples, [{ growthMb: capMb }]], within(Math.round(capMb + 100), 'MB'))];
}

async function measureLifecycle(brokers: readonly string[], rounds: number): Promise<Comparison[]> {
  const of = (contender: ContenderName): Job =>
    job(brokers, { task: 'lifecycle', contender, topic: few.topic, records: few.records });
  const samples = await sampler.inTurn([of('module'), of('eachMessage')], rounds);
  const [module = []] = samples;
  return [
    compare('shutdown at rest, against kafkajs', 'ms', 'closeMs', samples, within(1_000, 'ms')),
    compare('start to first record, against kafkajs', 'ms', 'firstMs', samples),
    compare('joined to first record, against start to first record', 'ms', 'joinToFirstMs', [
      module,
      module.map(({ firstMs }) => ({ joinToFirstMs: firstMs! })),
    ]),
  ];
}

async function measurePublishing(brokers: readonly string[], rounds: number): Promise<Comparison[]> {
  const of = (contender: ContenderName, records: number): Job =>
    job(brokers, { task: 'publish', contender, topic: publishing.topic, records });
  const [module, send, sendBatch] = await sampler.inTurn(
    [of('module', 100 * thousand), of('send', 5 * thousand), of('sendBatch', 100 * thousand)],
    rounds,
  );
  const row = (name: string, against: Figures[] | undefined, ratio: number): Comparison =>
    compare(
      `500 publish calls at a time, against ${name}`,
      'records / s',
      'recordsPerSecond',
      [module, against],
      atLeast(ratio),
    );
  return [row('kafkajs send, one awaited after the other', send, 20), row('kafkajs sendBatch of 500', sendBatch, 0.5)];
}

/** A result for each record: acknowledged before the record is completed, or stored in transactions with positions. */
async function measureResults(brokers: readonly string[], rounds: number): Promise<Comparison[]> {
  const of = (contender: ContenderName): Job =>
    job(brokers, { task: 'consume', contender, topic: work.topic, records: 50 * thousand, order: 'key' });
  const samples = await sampler.inTurn([of('transactional'), of('publishTo')], rounds);
  const what = 'a result for each record, in transactions, against publishTo without';
  return [compare(what, 'records / s', 'recordsPerSecond', samples)];
}

function job(brokers: readonly string[], wanted: Partial<Job> & Pick<Job, 'task' | 'contender' | 'topic'>): Job {
  const { concurrency } = kafkaDefaults;
  return { brokers, records: 0, handlerMs: [0, 0], order: 'partition', concurrency, partitionsAtATime: 1, ...wanted };
}

function compare(
  what: string,
  unit: string,
  figure: string,
  [measured = [], against = []]: readonly (Figures[] | undefined)[],
  target?: Target,
): Comparison {
  return { what, unit, measured: figures(measured, figure), against: figures(against, figure), target };
}

function figures(samples: readonly Figures[], figure: string): number[] {
  return samples.map((sample) => sample[figure]!);
}
