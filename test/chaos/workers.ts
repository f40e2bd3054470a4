import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HandlingEvent, Interruption } from './ledger.js';
import type { WorkerJob } from './worker.js';

const worker = fileURLToPath(new URL('worker.ts', import.meta.url));
const typescript = new URL('../benchmark/typescript.mjs', import.meta.url).href;

/** Processes of an application that share a group. */
export class Workers {
  readonly interruptions: Interruption[] = [];

  /** Those that run, the oldest first. */
  readonly running: Worker[] = [];
  private readonly files: string[] = [];

  constructor(
    private readonly folder: string,
    private readonly job: Omit<WorkerJob, 'name' | 'file'>,
  ) {}

  async start(overrides: Partial<WorkerJob> = {}): Promise<Worker> {
    const name = `worker-${this.files.length}`;
    const file = join(this.folder, `${name}.jsonl`);
    this.files.push(file);
    const started = new Worker({ ...this.job, ...overrides, name, file });
    this.running.push(started);
    await started.started;
    return started;
  }

  /** SIGKILL: what was not committed is handled again. */
  async kill(victim: Worker): Promise<void> {
    this.forget(victim);
    this.interrupted(victim);
    await victim.end('SIGKILL');
  }

  /** SIGTERM, and waits for the end. */
  async stop(victim: Worker): Promise<void> {
    this.forget(victim);
    await victim.end('SIGTERM');
  }

  /** SIGSTOP, and SIGCONT later: the group goes on without it, and it learns of it late. */
  suspend(victim: Worker): void {
    this.interrupted(victim);
    victim.signal('SIGSTOP');
  }

  resume(victim: Worker): void {
    this.interrupted(victim);
    victim.signal('SIGCONT');
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.running].map((one) => this.stop(one)));
  }

  async events(): Promise<HandlingEvent[]> {
    const texts = await Promise.all(this.files.map((file) => readFile(file, 'utf8').catch(() => '')));
    const lines = texts.flatMap((text) => text.slice(0, text.lastIndexOf('\n') + 1).split('\n'));
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as HandlingEvent);
  }

  /** What workers said, for the report of a failure. */
  get output(): string {
    return this.outputs.join('');
  }

  private get outputs(): string[] {
    return this.all.map(({ output }) => output);
  }

  private readonly all: Worker[] = [];

  private forget(victim: Worker): void {
    this.all.push(victim);
    this.running.splice(this.running.indexOf(victim), 1);
  }

  private interrupted({ name }: Worker): void {
    this.interruptions.push({ worker: name, at: performance.timeOrigin + performance.now() });
  }
}

export class Worker {
  readonly name: string;
  readonly started: Promise<void>;
  output = '';
  private readonly process: ChildProcess;

  constructor(job: WorkerJob) {
    this.name = job.name;
    const execArgv = ['--no-warnings', '--import', typescript];
    this.process = fork(worker, [JSON.stringify(job)], { execArgv, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream!.on('data', (text: Buffer) => (this.output += text.toString()));
    }
    this.started = once(this.process, 'message').then(() => undefined);
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const ended = once(this.process, 'exit');
    this.process.kill(signal);
    await ended;
  }
}
