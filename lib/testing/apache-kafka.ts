import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './apache/free-ports.js';
import { jarsAreCached, KAFKA_VERSION, provideJars } from './apache/jars.js';
import { javaCommand, probeJava, probeMaven } from './apache/java.js';
import { ApacheKafkaNode, type NodeSurroundings, type ScramUser } from './apache/node.js';
import { OrphanGuard } from './apache/orphan-guard.js';
import { renderProperties, serverProperties, type NodeLayout } from './apache/properties.js';
import { found, missing, type Probe } from './probe.js';
import { TestBrokerError } from './test-broker.error.js';

const PORT_ATTEMPTS = 3;

/** A cluster that stops as a whole loses its quorum and cannot leave in order; nothing of it is kept anyway. */
const DISCARD_TIMEOUT_MS = 3_000;

/** Quiet: the brokers write warnings, and the one line that says they are ready. */
const LOG4J2 = `<Configuration status="ERROR">
  <Appenders>
    <Console name="out" target="SYSTEM_OUT"><PatternLayout pattern="%d{HH:mm:ss.SSS} %p %m (%c{1})%n"/></Console>
  </Appenders>
  <Loggers>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
    <Root level="WARN"><AppenderRef ref="out"/></Root>
  </Loggers>
</Configuration>
`;

/** @publicApi */
export interface ApacheKafkaOptions {
  /** How many brokers. Of three, one may be away: topics get three replicas of which two must be in sync. @default 1 */
  brokers?: number;

  /** Broker settings as in `server.properties`; they win over the defaults. @default {} */
  properties?: Record<string, string>;

  /** Users for SASL SCRAM: there from the start, so that the brokers themselves may need one. @default [] */
  scramUsers?: ScramUser[];

  /** Milliseconds until every broker has to be ready. @default 60000 */
  startTimeoutMs?: number;

  /** Where JAVA_HOME, PATH, KAFKA_TEST_CACHE and XDG_CACHE_HOME are looked up. @default process.env */
  env?: NodeJS.ProcessEnv;

  /** Takes what a person may want to know: a download, a broker that ended by itself. @default console.log */
  log?: (line: string) => void;

  /** Chooses the ports: one for the clients and one for the controller of each broker. @internal */
  ports?: (count: number) => Promise<number[]>;
}

/**
 * Apache Kafka on this machine's JVM, without ZooKeeper (KRaft), on free ports of 127.0.0.1, with its data in a
 * temporary folder. For development and tests.
 *
 * @publicApi
 */
export class ApacheKafka {
  /** Bootstrap servers. */
  readonly brokers: string[];

  /** @internal */
  constructor(
    /** The brokers, each of which can be stopped, killed and started again. */
    readonly nodes: readonly ApacheKafkaNode[],
    private readonly folder: string,
    private readonly guard: OrphanGuard,
  ) {
    this.brokers = nodes.map(({ address }) => address);
  }

  /** Ends all brokers and removes their data. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop(DISCARD_TIMEOUT_MS)));
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    this.guard.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Whether {@link startApacheKafka} can work here. */
export async function probeApacheKafka(env: NodeJS.ProcessEnv): Promise<Probe> {
  const java = await probeJava(env);
  const jars = jarsAreCached(env) ? found(`Kafka ${KAFKA_VERSION} in the cache`) : await probeMaven(env);
  if (java.found && jars.found) return found(`${java.what} and ${jars.what}`);
  return missing([java, jars].flatMap((probe) => (probe.found ? [] : probe.problem)).join('; '));
}

/** As {@link probeApacheKafka}, with the jars in the cache if it can be found. */
export async function prepareApacheKafka(
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
  downloadMs: number,
): Promise<Probe> {
  const probe = await probeApacheKafka(env);
  if (!probe.found) return probe;
  try {
    await provideJars(env, log, downloadMs);
    return probe;
  } catch (error) {
    return missing((error as Error).message);
  }
}

/**
 * Starts Apache Kafka in KRaft mode on the JVM and resolves when every broker serves requests. Needs Java >= 17, and
 * Maven the first time. Topics are not created by being used, and a new group starts without delay.
 *
 * The brokers end with {@link ApacheKafka.stop}, and also when this process dies in whatever way. They do not keep it
 * alive.
 *
 * @throws TestBrokerError with the end of the broker's log when it does not start
 * @publicApi
 */
export async function startApacheKafka(options: ApacheKafkaOptions = {}): Promise<ApacheKafka> {
  const { env = process.env, log = console.log, brokers = 1 } = options;
  await demandApacheKafka(env);
  const jars = await provideJars(env, log);
  for (let attempt = 1; ; attempt++) {
    const ports = await (options.ports ?? freePorts)(2 * brokers);
    try {
      return await startOnPorts(ports, { ...options, env, log, jars });
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !isPortTaken(error)) throw error;
      log(`A port of ${ports.join(', ')} was taken meanwhile; trying others`);
    }
  }
}

async function demandApacheKafka(env: NodeJS.ProcessEnv): Promise<void> {
  const probe = await probeApacheKafka(env);
  if (!probe.found) throw new TestBrokerError(`Apache Kafka cannot run here: ${probe.problem}`);
}

/** A port that was free when it was chosen may be taken when the broker binds it; only then are others worth a try. */
export function isPortTaken(error: unknown): boolean {
  return error instanceof TestBrokerError && /Address already in use|BindException/.test(error.logTail ?? '');
}

type StartOptions = ApacheKafkaOptions & Required<Pick<ApacheKafkaOptions, 'env' | 'log'>> & { jars: string };

async function startOnPorts(ports: number[], options: StartOptions): Promise<ApacheKafka> {
  const guard = await OrphanGuard.start();
  const folder = await mkdtemp(join(tmpdir(), 'kafka-'));
  guard.watchFolder(folder);
  const layout = layOut(ports, folder);
  const surroundings = surround(options, folder, guard);
  const nodes = layout.map(({ id, port }) => new ApacheKafkaNode(id, port, surroundings));
  const cluster = new ApacheKafka(nodes, folder, guard);
  try {
    await writeConfiguration(folder, nodes, layout, options.properties);
    await formatAll(nodes);
    await Promise.all(nodes.map((node) => node.start()));
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Waits for all even when one fails: the folder is not removed under a process that still writes to it. */
async function formatAll(nodes: readonly ApacheKafkaNode[]): Promise<void> {
  const results = await Promise.allSettled(nodes.map((node) => node.format()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

function layOut(ports: number[], folder: string): NodeLayout[] {
  return Array.from({ length: ports.length / 2 }, (_, index) => ({
    id: index + 1,
    port: ports[2 * index]!,
    controllerPort: ports[2 * index + 1]!,
    dataFolder: join(folder, `data-${index + 1}`),
  }));
}

function surround(options: StartOptions, folder: string, guard: OrphanGuard): NodeSurroundings {
  return {
    java: javaCommand(options.env),
    jars: options.jars,
    folder,
    clusterId: randomBytes(16).toString('base64url'),
    scramUsers: options.scramUsers ?? [],
    startTimeoutMs: options.startTimeoutMs ?? 60_000,
    guard,
    log: options.log,
  };
}

async function writeConfiguration(
  folder: string,
  nodes: readonly ApacheKafkaNode[],
  layout: readonly NodeLayout[],
  overrides?: Record<string, string>,
): Promise<void> {
  await writeFile(join(folder, 'log4j2.xml'), LOG4J2);
  for (const [index, node] of nodes.entries()) {
    const properties = serverProperties(layout[index]!, layout, overrides);
    await writeFile(join(folder, node.propertiesFile), renderProperties(properties));
  }
}
