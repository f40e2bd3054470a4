import { setTimeout as delay } from 'node:timers/promises';
import { contenders, type TakenRecord } from './contenders.js';
import type { Figures } from '../common/samples.js';
import type { Job, Task, Work } from './job.js';
import { move } from './move.js';

/** Long enough for a long poll to be under way, and to end long after. */
const beforeCloseMs = 1_000;

/** A new consumer has found its way by then. */
export const settleMs = 10_000;
export const restMs = 30_000;

/** Exported so that what is looked at is not optimised away. */
export let seen: unknown;

const works: Record<Work, (records: readonly TakenRecord[]) => void> = {
  parse: (records) => {
    for (const { value } of records) seen = JSON.parse(value!.toString());
  },
  value: (records) => {
    let bytes = 0;
    for (const { value } of records) bytes += value!.length;
    seen = bytes;
  },
  offset: (records) => {
    for (const { offset } of records) seen = offset;
  },
};

/** What a sample measures, once in its process. */
export const tasks: Record<Task, (job: Job) => Promise<Figures>> = { consume, close, first, rest, move };

/** From the first record, which comes with its whole batch, to the last. */
async function consume(job: Job): Promise<Figures> {
  const work = works[job.work];
  let begin = 0;
  let cpu = process.cpuUsage();
  let taken = 0;
  await untilTaken(job, (records) => {
    if (taken === 0) {
      begin = performance.now();
      cpu = process.cpuUsage();
    }
    work(records);
    taken += records.length;
    return taken >= job.records;
  });
  const seconds = (performance.now() - begin) / 1000;
  return { recordsPerSecond: taken / seconds, cpuMsPerThousand: cpuMs(cpu) / (taken / 1000) };
}

/** How long a close takes while a long poll waits for the next record. */
async function close(job: Job): Promise<Figures> {
  let taken = 0;
  const end = await untilTaken(job, (records) => (taken += records.length) >= job.records);
  await delay(beforeCloseMs);
  const begin = performance.now();
  await end();
  return { closeMs: performance.now() - begin };
}

/** From constructing the client to the first record. */
async function first(job: Job): Promise<Figures> {
  const begin = performance.now();
  await untilTaken(job, (records) => records.length > 0);
  return { firstMs: performance.now() - begin };
}

/** The CPU of a consumer that has nothing to do. */
async function rest({ contender, brokers, topics }: Job): Promise<Figures> {
  contenders[contender]({ brokers: [...brokers], topics: [...topics], autoCommit: true, take: () => {} });
  await delay(settleMs);
  const begin = performance.now();
  const cpu = process.cpuUsage();
  await delay(restMs);
  return { cpuMsPerMinute: cpuMs(cpu) / ((performance.now() - begin) / 60_000) };
}

/**
 * kafkajs commits nothing here either: it would after each batch, and wait for that.
 *
 * @param take tells when it has enough
 */
function untilTaken(job: Job, take: (records: readonly TakenRecord[]) => boolean) {
  const { contender, brokers, topics } = job;
  return new Promise<() => Promise<void>>((resolve) => {
    const end = contenders[contender]({
      brokers: [...brokers],
      topics: [...topics],
      autoCommit: false,
      take: (records) => {
        if (take(records)) resolve(end);
      },
    });
  });
}

/** Of all threads of this process. */
function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}
