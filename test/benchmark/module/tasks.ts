import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import kafkajs from 'kafkajs';
import type { Figures } from '../common/samples.js';
import { order, randomFrom } from '../common/topics.js';
import { contenders } from './contenders.js';
import type { Close, Handle, Job, Task } from './job.js';
import { publishers } from './publishers.js';

/** Exported so that what is looked at is not optimised away. */
export let seen: unknown;

/** What a sample measures, once in its process. */
export const tasks: Record<Task, (job: Job) => Promise<Figures>> = {
  consume,
  cpu,
  parallel,
  latency,
  memory,
  lifecycle,
  publish,
};

/** From the first record, which comes with its whole batch, to the end of the last. */
async function consume(job: Job): Promise<Figures> {
  const [ms] = job.handlerMs;
  const measure = new Measure(job.records);
  await contenders[job.contender]!(job, (payload) => {
    seen = payload;
    measure.begin();
    if (ms === 0) return measure.end();
    return delay(ms).then(() => measure.end());
  });
  const seconds = await measure.seconds;
  return { recordsPerSecond: job.records / seconds };
}

/** Once a quarter of the records has warmed up. */
async function cpu(job: Job): Promise<Figures> {
  const measured = job.records * 0.75;
  let left = job.records;
  let before: NodeJS.CpuUsage | undefined;
  const used = new Promise<NodeJS.CpuUsage>((resolve) => {
    void contenders[job.contender]!(job, (payload) => {
      seen = payload;
      if (--left === measured) before = process.cpuUsage();
      if (left === 0) resolve(process.cpuUsage(before));
    });
  });
  const { user, system } = await used;
  return { microsPerRecord: (user + system) / measured };
}

/** The same as {@link consume}, and how long it would have taken at best: as long as the busiest lane, or all lanes side by side. */
async function parallel(job: Job): Promise<Figures> {
  const [least, most] = job.handlerMs;
  const random = randomFrom(job.records);
  const measure = new Measure(job.records);
  const slept = new Map<string, number>();
  const laneOf: Record<Job['order'], (key: Buffer | null) => string> = {
    partition: () => '',
    key: (key) => String(key),
    unordered: () => String(Math.random()),
  };
  await contenders[job.contender]!(job, async (_, key) => {
    measure.begin();
    const begin = performance.now();
    await delay(least + random() * (most - least));
    const lane = laneOf[job.order](key);
    slept.set(lane, (slept.get(lane) ?? 0) + performance.now() - begin);
    measure.end();
  });
  const seconds = await measure.seconds;
  const lanes = [...slept.values()];
  const total = lanes.reduce((sum, ms) => sum + ms, 0);
  const longest = lanes.reduce((longest, ms) => Math.max(longest, ms), 0);
  return { seconds, idealSeconds: Math.max(longest, total / job.concurrency) / 1000 };
}

const warmUpMs = 3_000;
const produceEveryMs = 1;

/** From the call of a producer to that of the handler, a record a millisecond. */
async function latency(job: Job): Promise<Figures> {
  const latencies: number[] = [];
  let warm = false;
  const done = new Promise<void>((resolve) => {
    void contenders[job.contender]!(job, (payload) => {
      if (!warm) return;
      latencies.push(performance.now() - (payload as { at: number }).at);
      if (latencies.length === job.records) resolve();
    });
  });
  const stop = produce(job);
  await delay(warmUpMs);
  warm = true;
  await done;
  stop();
  latencies.sort((a, b) => a - b);
  const percentile = (part: number): number => latencies[Math.floor(latencies.length * part)]!;
  return { p50: percentile(0.5), p99: percentile(0.99) };
}

function produce({ brokers, topic }: Job): () => void {
  const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.ERROR });
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;
  const connected = producer.connect();
  const begin = (): void => {
    const from = performance.now();
    timer = setInterval(() => {
      for (const due = (performance.now() - from) / produceEveryMs; sent < due; sent++) {
        const value = JSON.stringify({ at: performance.now() });
        producer.send({ topic, acks: 1, messages: [{ key: `key-${sent % 100}`, value }] }).catch(fail);
      }
    }, produceEveryMs);
  };
  connected.then(begin, fail);
  return () => clearInterval(timer);
}

const watchMs = 25_000;
const lookMs = 50;

/** How much the process grows while handlers are slow and the broker has more than there is room for. */
async function memory(job: Job): Promise<Figures> {
  const [ms] = job.handlerMs;
  global.gc?.();
  const before = process.memoryUsage.rss();
  let highest = before;
  let handled = 0;
  await contenders[job.contender]!(job, async () => {
    await delay(ms);
    handled++;
  });
  const end = performance.now() + watchMs;
  while (performance.now() < end) {
    highest = Math.max(highest, process.memoryUsage.rss());
    await delay(lookMs);
  }
  if (handled === 0) throw new Error('nothing was handled');
  return { growthMb: (highest - before) / 1_000_000 };
}

const idleMs = 1_000;

/** From joining the group to the first record, from the start to it, and from the call of close to its end at rest. */
async function lifecycle(job: Job): Promise<Figures> {
  let joinedAt = NaN;
  if (job.contender === 'module') {
    Logger.overrideLogger(false);
    const log = Logger.prototype.log;
    Logger.prototype.log = function (this: Logger, message: unknown): void {
      if (String(message).includes('joined; reading')) joinedAt = performance.now();
      log.call(this, message);
    };
  }
  let handled = 0;
  let firstAt = 0;
  let close: Close | undefined;
  const startedAt = performance.now();
  const all = new Promise<void>((resolve) => {
    const handle: Handle = () => {
      firstAt ||= performance.now();
      if (++handled === job.records) resolve();
    };
    void contenders[job.contender]!(job, handle).then((end) => (close = end), fail);
  });
  await all;
  await delay(idleMs);
  const closing = performance.now();
  await close!();
  return { firstMs: firstAt - startedAt, joinToFirstMs: firstAt - joinedAt, closeMs: performance.now() - closing };
}

/** From the first message to the last acknowledgement, once a tenth of as many has warmed up. */
async function publish(job: Job): Promise<Figures> {
  const values = Array.from({ length: job.records }, (_, at) => order(at));
  const publishAll = await publishers[job.contender]!(job);
  await publishAll(values.slice(0, values.length / 10));
  const begun = performance.now();
  await publishAll(values);
  return { recordsPerSecond: job.records / ((performance.now() - begun) / 1000) };
}

/** The time between the first begin and the last end of so many. */
class Measure {
  readonly seconds: Promise<number>;
  private began = 0;
  private ended = 0;
  private resolve!: (seconds: number) => void;

  constructor(private readonly count: number) {
    this.seconds = new Promise((resolve) => (this.resolve = resolve));
  }

  begin(): void {
    this.began ||= performance.now();
  }

  end(): void {
    if (++this.ended === this.count) this.resolve((performance.now() - this.began) / 1000);
  }
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}
