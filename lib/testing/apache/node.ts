import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TestBrokerError } from '../test-broker.error.js';
import { until } from '../until.js';
import { type OrphanGuard } from './orphan-guard.js';

const run = promisify(execFile);

/** Perf data off, as a killed JVM leaves its file behind. */
const JVM_OPTIONS = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];
const STOP_TIMEOUT_MS = 15_000;
const KILL_TIMEOUT_MS = 5_000;
const FORMAT_TIMEOUT_MS = 60_000;
const READY = 'Kafka Server started';
const LOG_TAIL = 4_000;

/**
 * A user of SASL SCRAM. Name and password stand on the command line that formats the data folder: nothing secret.
 *
 * @publicApi
 */
export interface ScramUser {
  mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  name: string;
  password: string;
}

/** What all nodes of a cluster share. */
export interface NodeSurroundings {
  java: string;
  jars: string;
  /** Working directory: properties, log4j2.xml, logs and data are here. */
  folder: string;
  clusterId: string;
  scramUsers: readonly ScramUser[];
  startTimeoutMs: number;
  guard: OrphanGuard;
  log: (line: string) => void;
}

/**
 * One broker of an {@link ApacheKafka} cluster. It keeps its port and its data over any number of stops and starts.
 *
 * @publicApi
 */
export class ApacheKafkaNode {
  private child?: ChildProcess;
  private serving = false;

  /** @internal */
  constructor(
    /** Kafka's `node.id`, from 1. */
    readonly id: number,
    /** Port of the client listener on 127.0.0.1. */
    readonly port: number,
    private readonly surroundings: NodeSurroundings,
  ) {}

  /** `host:port` of the client listener. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Process id of the running JVM. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Whether the JVM runs. */
  get running(): boolean {
    return this.child !== undefined;
  }

  /**
   * Starts the broker; resolves when it serves requests. Does nothing when it runs already.
   *
   * A controller takes a broker back only when the session of its predecessor has ended (KIP-631): soon after a kill,
   * or a stop in a cluster, this takes up to `broker.session.timeout.ms`, 9 s unless set in the cluster's properties.
   *
   * @throws TestBrokerError with the end of its log when it ends or is not ready within the start timeout
   */
  async start(): Promise<void> {
    if (this.running) return;
    const earlier = (await this.logText()).length;
    const child = await this.launch();
    const { startTimeoutMs } = this.surroundings;
    const isReady = async () => (await this.logText()).slice(earlier).includes(READY);
    const settled = await until(async () => this.child !== child || (await isReady()), startTimeoutMs);
    this.serving = settled && this.child === child;
    if (this.serving) return;
    const reason = settled ? 'ended before it was ready' : `was not ready within ${startTimeoutMs} ms`;
    await this.kill();
    throw new TestBrokerError(`Broker ${this.id} at ${this.address} ${reason}`, { logTail: await this.logTail() });
  }

  /** Asks the broker to shut down as in a rolling restart (SIGTERM), and kills it when it has not after `timeoutMs`. */
  async stop(timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    await this.end('SIGTERM', timeoutMs);
    await this.kill();
  }

  /** Ends the broker as a crash does (SIGKILL). */
  async kill(): Promise<void> {
    await this.end('SIGKILL', KILL_TIMEOUT_MS);
    if (this.running) throw new TestBrokerError(`Broker ${this.id} (process ${this.pid}) does not end on SIGKILL`);
  }

  /** The last lines of the broker's log (warnings and errors). */
  async logTail(): Promise<string> {
    return (await this.logText()).slice(-LOG_TAIL);
  }

  /** Writes the cluster's id, and its first users, into the data folder: KRaft demands it before the first start. @internal */
  async format(): Promise<void> {
    const { java, folder, clusterId, scramUsers } = this.surroundings;
    const users = scramUsers.flatMap((user) => ['--add-scram', scramArgument(user)]);
    const id = `--cluster-id=${clusterId}`; // one argument, as it may begin with a dash
    const format = ['format', id, '-c', this.propertiesFile, ...users];
    const args = this.javaArguments('kafka.tools.StorageTool', ...format);
    await run(java, args, { cwd: folder, timeout: FORMAT_TIMEOUT_MS }).catch((error: Error & { stdout?: string }) => {
      throw new TestBrokerError(`Formatting the data folder of broker ${this.id} failed`, {
        cause: error,
        logTail: `${error.message}\n${error.stdout ?? ''}`.slice(-LOG_TAIL),
      });
    });
  }

  /** @internal */
  get propertiesFile(): string {
    return `broker-${this.id}.properties`;
  }

  /** Detached: a Ctrl-C at the terminal reaches the application only, which drains before its broker goes away. */
  private async launch(): Promise<ChildProcess> {
    const { java, folder, guard } = this.surroundings;
    const logFile = await open(this.logFile, 'a');
    try {
      const child = spawn(java, this.javaArguments('kafka.Kafka', this.propertiesFile), {
        cwd: folder,
        detached: true,
        stdio: ['ignore', logFile.fd, logFile.fd],
        windowsHide: true,
      });
      this.child = child;
      child.once('exit', (code, signal) => this.onExit(child, code ?? signal));
      await once(child, 'spawn').catch((error: unknown) => {
        this.child = undefined;
        throw new TestBrokerError(`\`${java}\` cannot be started`, { cause: error });
      });
      if (this.child === child) guard.watchProcess(child.pid!);
      child.unref(); // a script that forgets to stop its broker ends all the same, and the guard cleans up
      return child;
    } finally {
      await logFile.close();
    }
  }

  private onExit(child: ChildProcess, how: number | string | null): void {
    this.child = undefined;
    this.surroundings.guard.forgetProcess(child.pid!);
    if (this.serving) this.surroundings.log(`Broker ${this.id} at ${this.address} ended by itself (${how})`);
    this.serving = false;
  }

  private async end(signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
    if (!this.child) return;
    this.serving = false;
    this.child.kill(signal);
    await until(() => !this.running, timeoutMs, 10);
  }

  /** Temporary files (the native parts of the compression codecs) go where the data is, to be removed with it. */
  private javaArguments(...main: string[]): string[] {
    const { folder, jars } = this.surroundings;
    const system = ['-Dlog4j2.configurationFile=log4j2.xml', `-Djava.io.tmpdir=${folder}`];
    return [...JVM_OPTIONS, ...system, '-cp', join(jars, '*'), ...main];
  }

  private get logFile(): string {
    return join(this.surroundings.folder, `broker-${this.id}.log`);
  }

  private async logText(): Promise<string> {
    return readFile(this.logFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
  }
}

/** As Kafka's StorageTool takes a user. */
function scramArgument({ mechanism, name, password }: ScramUser): string {
  return `${mechanism}=[name=${name},password=${password}]`;
}
