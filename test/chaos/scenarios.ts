import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaOptions } from '../../lib/index.js';
import type { TestCluster } from '../support/apache-cluster.js';
import type { LoadPlan } from './load.js';
import type { Proxy } from './proxy.js';
import type { HandlerTimes, WorkerJob } from './worker.js';
import type { Worker, Workers } from './workers.js';

/** What goes wrong while records are written and handled. */
export interface Scenario {
  name: string;
  workers: number;
  load?: Partial<LoadPlan>;
  handlers?: HandlerTimes;
  options?: Partial<KafkaOptions>;

  /** How workers differ, by their number. */
  worker?: (number: number) => Partial<WorkerJob>;

  /** Whether results are stored with positions, in transactions. */
  isTransactional?: boolean;

  /** Whether it is left out of the short form. */
  isLong?: boolean;

  /** Whether workers reach the brokers through proxies. */
  isProxied?: boolean;

  /** Milliseconds that the trouble takes in the long form; the short one has a quarter. */
  ms: number;
  trouble: (stage: Stage) => Promise<void>;
}

export interface Stage {
  cluster: TestCluster;
  topic: string;
  workers: Workers;
  proxies: readonly Proxy[];

  /** Whether there is time for another round. */
  goesOn: () => boolean;
  random: () => number;
}

export const sessionTimeoutMs = 6_000;

/** A group has noticed a member's death by then, and goes on without it. */
const noticedMs = sessionTimeoutMs + 1_500;

/** Handlers slow enough that some are at work whenever a process is killed: what is committed too early is lost then. */
const killedInALoop: Omit<Scenario, 'name'> = {
  workers: 3,
  handlers: { most: 200 },
  ms: 60_000,
  trouble: async ({ workers, goesOn, random }) => {
    do {
      await workers.kill(pick(workers, random));
      await workers.start();
      await delay(noticedMs);
    } while (goesOn());
  },
};

const alone: readonly Scenario[] = [
  { name: 'processes killed in a loop (SIGKILL)', ...killedInALoop },
  { name: 'the same, each record committed by itself', ...killedInALoop, options: { autoCommit: false }, isLong: true },
  {
    name: 'rolling restart (SIGTERM)',
    workers: 3,
    ms: 60_000,
    trouble: async ({ workers, goesOn }) => {
      while (goesOn()) {
        await delay(1_000);
        await workers.stop(workers.running[0]!);
        await workers.start();
      }
    },
  },
  {
    name: 'suspended for longer than the session (SIGSTOP, SIGCONT)',
    workers: 3,
    ms: 60_000,
    trouble: async ({ workers, goesOn, random }) => {
      do {
        const victim = pick(workers, random);
        await delay(1_000);
        workers.suspend(victim);
        await delay(sessionTimeoutMs + 3_000);
        workers.resume(victim);
        await delay(3_000);
      } while (goesOn());
    },
  },
  {
    name: 'members join and leave every 500 ms',
    workers: 2,
    worker: (number) => (number === 0 ? { churnMs: 500 } : {}),
    ms: 60_000,
    trouble: async ({ goesOn }) => {
      while (goesOn()) await delay(500);
    },
  },
  {
    name: 'leader of partitions killed and restarted',
    workers: 2,
    ms: 60_000,
    trouble: async ({ cluster, goesOn, random }) => {
      do {
        await delay(2_000);
        await cluster.bounce(cluster.nodes[Math.floor(random() * cluster.nodes.length)]!, 'kill');
      } while (goesOn());
    },
  },
  {
    name: 'coordinator killed and restarted',
    workers: 2,
    ms: 60_000,
    trouble: async ({ cluster, goesOn }) => {
      do {
        await delay(2_000);
        await cluster.bounce(await cluster.coordinator(), 'kill');
      } while (goesOn());
    },
  },
  {
    name: 'connections cut every 700 ms (TCP proxy)',
    workers: 2,
    ms: 60_000,
    isProxied: true,
    trouble: async ({ proxies, goesOn }) => {
      while (goesOn()) {
        await delay(700);
        for (const proxy of proxies) proxy.cut();
      }
    },
  },
  {
    name: 'handlers of 0–200 ms, some of 10 s, a member joins and leaves',
    workers: 2,
    load: { rate: 200 },
    handlers: { most: 200, longOneIn: 200, longMs: 10_000 },
    options: { concurrency: 200 },
    ms: 60_000,
    trouble: async ({ workers, goesOn }) => {
      do {
        await delay(2_000);
        const guest = await workers.start();
        await delay(4_000);
        await workers.stop(guest);
      } while (goesOn());
    },
  },
  {
    name: 'a key with half of all records, killed and stopped in turn',
    workers: 3,
    load: { hotShare: 0.5, rate: 100 },
    handlers: { most: 8 },
    ms: 60_000,
    trouble: async ({ workers, goesOn, random }) => {
      do {
        await workers.kill(pick(workers, random));
        await workers.start();
        await delay(noticedMs);
        await workers.stop(pick(workers, random));
        await workers.start();
      } while (goesOn());
    },
  },
];

const inTransactions: readonly string[] = [
  'processes killed in a loop (SIGKILL)',
  'suspended for longer than the session (SIGSTOP, SIGCONT)',
  'leader of partitions killed and restarted',
  'coordinator killed and restarted',
  'connections cut every 700 ms (TCP proxy)',
];
const alsoShort = 'processes killed in a loop (SIGKILL)';

export const scenarios: readonly Scenario[] = [
  ...alone,
  ...alone
    .filter(({ name }) => inTransactions.includes(name))
    .map((scenario) => ({
      ...scenario,
      name: `results in transactions; ${scenario.name}`,
      isTransactional: true,
      isLong: scenario.name !== alsoShort,
    })),
];

function pick(workers: Workers, random: () => number): Worker {
  return workers.running[Math.floor(random() * workers.running.length)]!;
}
