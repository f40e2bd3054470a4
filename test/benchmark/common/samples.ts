import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { untilQuiet } from './quiet.js';

const sampleTimeoutMs = 240_000;
const typescript = new URL('../typescript.mjs', import.meta.url).href;

/** The folder for a folder of each sample with the CPU profiles of its threads, if any are wanted. */
const profiles = process.env.PROFILE;

/** How many samples there were, and how many of them began while something else used the machine. */
export const noise = { samples: 0, disturbed: 0 };

/** What came of a sample, by the name of the figure. */
export type Figures = Record<string, number>;

/** Takes samples, each in a new process: neither its heap nor what V8 has compiled is of another one. */
export class Sampler<Job extends { task: string; contender: string }> {
  /** @param child the module that takes one sample; its job is the argument, its figures a message */
  constructor(private readonly child: URL) {}

  /** Samples of each job in turn, so that all have the same noise: what else runs on the machine changes with time. */
  async inTurn(jobs: readonly Job[], rounds: number): Promise<Figures[][]> {
    const samples: Figures[][] = jobs.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [at, job] of jobs.entries()) {
        await awaitQuiet(1);
        samples[at]!.push(await this.sample(job));
      }
    }
    return samples;
  }

  /** Samples of all jobs at the same time: for those that leave the machine idle. */
  async sideBySide(jobs: readonly Job[], rounds: number): Promise<Figures[][]> {
    const samples: Figures[][] = jobs.map(() => []);
    for (let round = 0; round < rounds; round++) {
      await awaitQuiet(jobs.length);
      const figures = await Promise.all(jobs.map((job) => this.sample(job)));
      figures.forEach((of, at) => samples[at]!.push(of));
    }
    return samples;
  }

  private async sample(job: Job): Promise<Figures> {
    const profile = profiles ? join(profiles, `${job.task}-${job.contender}-${Date.now()}`) : undefined;
    const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
    const execArgv = ['--no-warnings', '--expose-gc', '--import', typescript, ...profiling];
    const process = fork(fileURLToPath(this.child), [JSON.stringify(job)], { execArgv, timeout: sampleTimeoutMs });
    let figures: Figures | undefined;
    process.on('message', (message) => (figures = message as Figures));
    const [code] = (await once(process, 'exit')) as [number | null];
    if (!figures) throw new Error(`A sample brought no figures, it ended with ${code}: ${JSON.stringify(job)}`);
    return figures;
  }
}

async function awaitQuiet(samples: number): Promise<void> {
  noise.samples += samples;
  if (!(await untilQuiet())) noise.disturbed += samples;
}
