import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const lookMs = 250;
const patienceMs = 15_000;

/** Brokers at rest take less. */
const quietShare = 0.1;

/** Waits until nothing else uses the cores, but not for ever. Resolves to whether it has become quiet. */
export async function untilQuiet(): Promise<boolean> {
  const end = performance.now() + patienceMs;
  while (performance.now() < end) {
    if ((await busyShare()) < quietShare) return true;
  }
  return false;
}

/** The part of the time of all cores that was used, during a short look. */
async function busyShare(): Promise<number> {
  const before = coreTimes();
  await delay(lookMs);
  const after = coreTimes();
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

function coreTimes(): { idle: number; all: number } {
  const times = cpus().map((core) => core.times);
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.flatMap((time) => Object.values(time))) };
}
