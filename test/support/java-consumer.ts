import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideJars } from '../../lib/testing/apache/jars.js';
import { javaCommand } from '../../lib/testing/apache/java.js';
import { OrphanGuard } from '../../lib/testing/apache/orphan-guard.js';
import { until } from '../../lib/testing/until.js';
import { AssignmentReader, FORMATTER_PROPERTIES, type JavaRecord, RecordReader } from './java-output.js';

const JVM_OPTIONS = ['-Xms32m', '-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];
const STOP_TIMEOUT_MS = 15_000;

/** Short, so that a spec does not wait for a consumer that was killed; the rest is what `kafka-console-consumer` has. */
const PROPERTIES = {
  'group.protocol': 'classic',
  'auto.offset.reset': 'earliest',
  'session.timeout.ms': '6000',
  'heartbeat.interval.ms': '200',
  'auto.commit.interval.ms': '200',
  'metadata.max.age.ms': '1000',
};

/** Joins, assignments and whatever goes wrong, to the last moment. */
const LOG4J2 = `<Configuration status="ERROR" shutdownHook="disable">
  <Appenders>
    <Console name="err" target="SYSTEM_ERR"><PatternLayout pattern="%d{HH:mm:ss.SSS} %p %m (%c{1})%n"/></Console>
  </Appenders>
  <Loggers>
    <Logger name="org.apache.kafka.clients.consumer.internals" level="INFO"/>
    <Root level="WARN"><AppenderRef ref="err"/></Root>
  </Loggers>
</Configuration>
`;

/** The assignors of `org.apache.kafka.clients.consumer`. */
export type JavaAssignor = 'CooperativeStickyAssignor' | 'RangeAssignor' | 'RoundRobinAssignor' | 'StickyAssignor';

export interface JavaConsumerOptions {
  brokers: readonly string[];
  group: string;

  /** One of `topic` and `include`, a regular expression of Java. */
  topic?: string;
  include?: string;

  /** Several in the order of preference, as in a rolling change from one to the other. */
  assignor: JavaAssignor | readonly JavaAssignor[];

  /** Makes it a static member. Such a one does not leave its group when it is stopped. */
  groupInstanceId?: string;

  /** Settings of the consumer by Kafka's names. They win. @default {} */
  properties?: Readonly<Record<string, string>>;
}

/** Kafka's own console consumer, running in a JVM. */
export class JavaConsumer {
  private readonly output = new RecordReader();
  private readonly assignment = new AssignmentReader();
  private logged = '';

  constructor(
    private readonly child: ChildProcess,
    private readonly exited: Promise<unknown>,
  ) {
    child.stdout?.on('data', (chunk: Buffer) => this.output.read(chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.logged += chunk;
      this.assignment.read(chunk);
    });
  }

  /** What it has consumed so far, in order; grows. */
  get records(): readonly JavaRecord[] {
    return this.output.records;
  }

  /** The partitions it owns now as `topic-partition`, sorted, by what its log says. */
  get owned(): string[] {
    return [...this.assignment.owned].sort();
  }

  /** Its log so far: joins, assignments, warnings. */
  get log(): string {
    return this.logged;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Makes it commit, leave its group and end (SIGTERM). @throws Error with its log when it does not */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    if (!(await until(() => !this.running, STOP_TIMEOUT_MS, 10))) {
      await this.kill();
      throw new Error(`The Java consumer did not end within ${STOP_TIMEOUT_MS} ms:\n${this.logged.slice(-4000)}`);
    }
    await this.exited;
  }

  /** Ends it as a crash does (SIGKILL). */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** Same as {@link kill}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

/**
 * Starts Kafka's console consumer with the classic group protocol, to consume beside other clients. Resolves when the
 * process runs: wait for `owned` or `records`. It ends with `stop` or `kill`, and in any case with this process.
 */
export async function startJavaConsumer(options: JavaConsumerOptions): Promise<JavaConsumer> {
  const jars = await provideJars(process.env, () => {}, undefined, 'kafka-tools');
  const guard = await OrphanGuard.start();
  const folder = await mkdtemp(join(tmpdir(), 'java-consumer-'));
  guard.watchFolder(folder);
  await writeFile(join(folder, 'log4j2.xml'), LOG4J2);
  const system = ['-Dlog4j2.configurationFile=log4j2.xml', `-Djava.io.tmpdir=${folder}`];
  const main = ['org.apache.kafka.tools.consumer.ConsoleConsumer', ...consoleArguments(options)];
  const args = [...JVM_OPTIONS, ...system, '-cp', join(jars, '*'), ...main];
  const child = spawn(javaCommand(process.env), args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'close').finally(async () => {
    await rm(folder, { recursive: true, force: true });
    guard.close();
  });
  const consumer = new JavaConsumer(child, exited);
  await Promise.race([once(child, 'spawn'), exited]);
  if (child.pid !== undefined) guard.watchProcess(child.pid);
  return consumer;
}

function consoleArguments({ brokers, group, topic, include, ...options }: JavaConsumerOptions): string[] {
  if ((topic === undefined) === (include === undefined)) throw new Error('expected either a topic or include');
  const source = topic === undefined ? ['--include', include!] : ['--topic', topic];
  return [
    ...['--bootstrap-server', brokers.join(','), '--group', group, ...source],
    ...settings('--consumer-property', consumerProperties(options)),
    ...settings('--property', FORMATTER_PROPERTIES),
  ];
}

type Behaviour = Pick<JavaConsumerOptions, 'assignor' | 'groupInstanceId' | 'properties'>;

function consumerProperties({ assignor, groupInstanceId, properties }: Behaviour): Record<string, string> {
  const assignors = [assignor].flat().map((name) => `org.apache.kafka.clients.consumer.${name}`);
  return {
    ...PROPERTIES,
    'partition.assignment.strategy': assignors.join(','),
    ...(groupInstanceId !== undefined && { 'group.instance.id': groupInstanceId }),
    ...properties,
  };
}

function settings(option: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`]);
}
