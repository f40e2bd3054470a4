import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Figures, Job } from './job.js';
import { untilQuiet } from './quiet.js';

const sampleTimeoutMs = 180_000;
const child = fileURLToPath(new URL('child.ts', import.meta.url));
const typescript = new URL('../typescript.mjs', import.meta.url).href;

/** The folder for a folder of each sample with the CPU profiles of its threads, if any are wanted. */
const profiles = process.env.PROFILE;

/** How many samples there were, and how many of them began while something else used the machine. */
export const noise = { samples: 0, disturbed: 0 };

/** Samples of each job in turn, so that all have the same noise: what else runs on the machine changes with time. */
export async function sampleInTurn(jobs: readonly Job[], rounds: number): Promise<Figures[][]> {
  const samples: Figures[][] = jobs.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, job] of jobs.entries()) {
      await awaitQuiet(1);
      samples[at]!.push(await sample(job));
    }
  }
  return samples;
}

/** Samples of all jobs at the same time: for those that leave the machine idle. */
export async function sampleSideBySide(jobs: readonly Job[], rounds: number): Promise<Figures[][]> {
  const samples: Figures[][] = jobs.map(() => []);
  for (let round = 0; round < rounds; round++) {
    await awaitQuiet(jobs.length);
    const figures = await Promise.all(jobs.map(sample));
    figures.forEach((of, at) => samples[at]!.push(of));
  }
  return samples;
}

async function awaitQuiet(samples: number): Promise<void> {
  noise.samples += samples;
  if (!(await untilQuiet())) noise.disturbed += samples;
}

/** In a new process: neither its heap nor what V8 has compiled is of another sample. */
async function sample(job: Job): Promise<Figures> {
  const profiling = profiles ? ['--cpu-prof', `--cpu-prof-dir=${join(profiles, profileName(job))}`] : [];
  const execArgv = ['--no-warnings', '--import', typescript, ...profiling];
  const process = fork(child, [JSON.stringify(job)], { execArgv, timeout: sampleTimeoutMs });
  let figures: Figures | undefined;
  process.on('message', (message) => (figures = message as Figures));
  const [code] = (await once(process, 'exit')) as [number | null];
  if (!figures) throw new Error(`A sample brought no figures, it ended with ${code}: ${JSON.stringify(job)}`);
  return figures;
}

function profileName({ task, contender, work }: Job): string {
  return `${task}-${work}-${contender}-${Date.now()}`;
}
