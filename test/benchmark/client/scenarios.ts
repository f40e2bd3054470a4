import type { ContenderName, Job } from './job.js';
import type { Comparison, Target } from '../common/report.js';
import { Sampler, type Figures } from '../common/samples.js';
import type { TopicPlan } from '../common/topics.js';

/** What is measured on one cluster. */
export interface Scenario {
  /** To choose it on the command line. */
  name: string;
  brokers: number;
  topics: readonly TopicPlan[];
  measure(brokers: readonly string[], rounds: number): Promise<Comparison[]>;
}

const sampler = new Sampler<Job>(new URL('child.ts', import.meta.url));
const thousand = 1_000;
const records: TopicPlan = { topic: 'records', partitions: 4, records: 600 * thousand };

/** For what is read faster than it is parsed: V8 needs a while to compile. */
const long: TopicPlan = { ...records, topic: 'long', records: 1_500 * thousand };
const small: TopicPlan = { ...records, topic: 'small-batches', batch: 16 };
const wide: TopicPlan = { ...records, topic: 'wide', partitions: 12 };
const few: TopicPlan = { topic: 'few', partitions: 4, records: 4 };
const rest: TopicPlan = { topic: 'rest', partitions: 200, records: 0 };
const moves: TopicPlan = { topic: 'moves', partitions: 12, records: 0 };
const idle: TopicPlan = { topic: 'idle', partitions: 500, records: 0 };

const looks: Record<Job['work'], string> = { parse: 'parsed', value: 'value.length', offset: 'offset only' };

const atLeast = (ratio: number): Target => ({ text: `≥ ${ratio}`, isMet: (row) => row.ratio >= ratio });
const atMost = (ratio: number): Target => ({ text: `≤ ${ratio}`, isMet: (row) => row.ratio <= ratio });
const within = (ms: number): Target => ({ text: `≤ ${ms} ms`, isMet: ({ measured }) => measured <= ms });

const cpuTarget = atMost(0.8);

export const scenarios: readonly Scenario[] = [
  speed('parsed', { brokers: 1, topic: records, work: 'parse', target: atLeast(1.3) }),
  speed('parsed-small', { brokers: 1, topic: small, work: 'parse' }),
  speed('value', { brokers: 1, topic: long, work: 'value', target: atLeast(2) }),
  speed('offset', { brokers: 1, topic: long, work: 'offset', target: atLeast(2) }),
  {
    name: 'close',
    brokers: 1,
    topics: [few],
    measure: async (brokers, rounds) => {
      const samples = await sampler.inTurn(both({ task: 'close', brokers, topics: ['few'], records: 4 }), rounds);
      return [compare('close, 1 s into a long poll', 'ms', 'closeMs', samples, within(100))];
    },
  },
  {
    name: 'first',
    brokers: 1,
    topics: [records],
    measure: async (brokers, rounds) => {
      const samples = await sampler.inTurn(both({ task: 'first', brokers, topics: ['records'] }), 2 * rounds + 1);
      return [compare('first record after the start', 'ms', 'firstMs', samples, atMost(1))];
    },
  },
  {
    name: 'rest',
    brokers: 1,
    topics: [rest],
    measure: async (brokers, rounds) => {
      const samples = await sampler.sideBySide(both({ task: 'rest', brokers, topics: ['rest'] }), rounds);
      return [compare('200 partitions at rest', 'CPU ms / min', 'cpuMsPerMinute', samples, atMost(1))];
    },
  },
  {
    name: 'move',
    brokers: 1,
    topics: [moves],
    measure: async (brokers, rounds) => {
      const samples = await sampler.inTurn(both({ task: 'move', brokers, topics: ['moves'] }, 'module'), rounds);
      const row = (when: string, figure: string, target?: Target) =>
        compare(`${when}: no reader of what moves`, 'ms', figure, samples, target);
      return [row('module, a third member joins', 'joinMs', within(100)), row('module, it leaves', 'leaveMs')];
    },
  },
  { name: 'idle', brokers: 1, topics: [records, idle], measure: besideIdle },
  speed('three', { brokers: 3, topic: wide, work: 'parse', target: atLeast(1.15) }),
];

/** Speed and CPU of both, of one topic. */
function speed(
  name: string,
  setup: { brokers: number; topic: TopicPlan; work: Job['work']; target?: Target },
): Scenario {
  const { brokers, topic, work, target } = setup;
  const what = `${looks[work]}, batches of ${topic.batch ?? 100}, ${topic.partitions} partitions, ${brokers} broker(s)`;
  return {
    name,
    brokers,
    topics: [topic],
    measure: async (addresses, rounds) => {
      const jobs = both({ brokers: addresses, topics: [topic.topic], records: topic.records, work });
      const samples = await sampler.inTurn(jobs, rounds);
      return [
        compare(what, 'records / s', 'recordsPerSecond', samples, target),
        compare(what, 'CPU ms / 1000', 'cpuMsPerThousand', samples, target && cpuTarget),
      ];
    },
  };
}

/** How much of its speed a contender keeps with many idle partitions beside the busy ones. */
async function besideIdle(brokers: readonly string[], rounds: number): Promise<Comparison[]> {
  const alone = both({ brokers, topics: ['records'], records: records.records });
  const beside = alone.map((job) => ({ ...job, topics: ['records', 'idle'] }));
  const [port, kafkajs, portBeside, kafkajsBeside] = await sampler.inTurn([...alone, ...beside], rounds);
  const row = (name: ContenderName, samples: (Figures[] | undefined)[], target?: Target) =>
    compare(`${name}, 4 busy + 500 idle against the 4 alone`, 'records / s', 'recordsPerSecond', samples, target);
  return [row('port', [portBeside, port], atLeast(0.9)), row('kafkajs', [kafkajsBeside, kafkajs])];
}

/** Ours first: it is measured against kafkajs. */
function both(job: Partial<Job> & Pick<Job, 'brokers' | 'topics'>, ours: ContenderName = 'port'): Job[] {
  const contenders: ContenderName[] = [ours, 'kafkajs'];
  return contenders.map((contender) => ({ task: 'consume', records: 0, work: 'parse', ...job, contender }));
}

function compare(
  what: string,
  unit: string,
  figure: string,
  [measured = [], against = []]: readonly (Figures[] | undefined)[],
  target?: Target,
): Comparison {
  const of = (samples: Figures[]) => samples.map((figures) => figures[figure]!);
  return { what, unit, measured: of(measured), against: of(against), target };
}
