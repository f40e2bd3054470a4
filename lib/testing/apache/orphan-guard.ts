import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Socket } from 'node:net';

/** Reads the latest list of what to clean up, a line each; acts on it when its input ends with us. */
const SCRIPT = `
  const { rmSync } = require('node:fs');
  let orphans = { pids: [], folders: [] };
  let unread = '';
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (chunk) => {
    const lines = (unread + chunk).split('\\n');
    unread = lines.pop();
    if (lines.length > 0) orphans = JSON.parse(lines.at(-1));
  });
  process.stdin.on('close', () => {
    for (const pid of orphans.pids) try { process.kill(pid, 'SIGKILL'); } catch {}
    for (const folder of orphans.folders) rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
`;

/**
 * Kills processes and removes folders when this process ends without having done so.
 *
 * Exit handlers do not run on SIGKILL or on a crash, and handlers of signals would change how the application ends.
 * So a second, small Node process waits for the end of its standard input, which the operating system closes with this
 * process, whatever ends it. A limit: who kills the guard too has to clean up after both.
 */
export class OrphanGuard {
  private readonly pids = new Set<number>();
  private readonly folders = new Set<string>();

  private constructor(private readonly input: Socket) {}

  static async start(): Promise<OrphanGuard> {
    const child: ChildProcess = spawn(process.execPath, ['-e', SCRIPT], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...process.env, NODE_OPTIONS: '' },
      windowsHide: true,
    });
    await once(child, 'spawn');
    const input = child.stdin as Socket;
    input.on('error', () => {}); // a guard that someone ended guards no more; the broker itself is none the worse
    child.unref();
    input.unref();
    return new OrphanGuard(input);
  }

  watchProcess(pid: number): void {
    this.pids.add(pid);
    this.tell();
  }

  forgetProcess(pid: number): void {
    this.pids.delete(pid);
    this.tell();
  }

  watchFolder(folder: string): void {
    this.folders.add(folder);
    this.tell();
  }

  /** Ends the guard. Call it when everything watched is gone: what is left, it cleans up now. */
  close(): void {
    this.input.end();
  }

  private tell(): void {
    if (!this.input.writable) return;
    this.input.write(`${JSON.stringify({ pids: [...this.pids], folders: [...this.folders] })}\n`);
  }
}
