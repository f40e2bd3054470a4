import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const typescript = new URL('../benchmark/typescript.mjs', import.meta.url).href;

/** A process of our own that runs a file of this repository, as it stands. */
export class NodeProcess {
  output = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;

  constructor(file: string, argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
    this.child = spawn(process.execPath, ['--no-warnings', '--import', typescript, path, ...argv], {
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream!.on('data', (text: Buffer) => (this.output += text.toString()));
    }
    this.ended = once(this.child, 'close');
  }

  /** SIGKILL, unless it has ended. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** SIGTERM; it decides itself when it ends. */
  terminate(): void {
    this.child.kill('SIGTERM');
  }

  /** Waits for its end. */
  async exitCode(): Promise<number | null> {
    await this.ended;
    return this.child.exitCode;
  }
}
