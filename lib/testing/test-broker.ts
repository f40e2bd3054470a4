import { probeApacheKafka, startApacheKafka } from './apache-kafka.js';
import { probeDocker, startDockerKafka } from './docker-kafka.js';
import { type Probe } from './probe.js';
import { TestBrokerError } from './test-broker.error.js';

/**
 * `docker`: Apache Kafka in a container; `apache`: the same on this machine's JVM; `external`: the brokers named by
 * KAFKA_BROKERS.
 *
 * @publicApi
 */
export type TestBrokerKind = 'apache' | 'docker' | 'external';

/** @publicApi */
export interface TestBroker {
  readonly kind: TestBrokerKind;

  /** Bootstrap servers. */
  readonly brokers: string[];

  /** Ends the broker and removes its data; an external one is left alone. */
  stop(): Promise<void>;

  [Symbol.asyncDispose](): Promise<void>;
}

/** @publicApi */
export interface TestBrokerOptions {
  /** Which broker to start, whatever the environment says. @default chosen by the environment */
  kind?: TestBrokerKind;

  /** Where KAFKA_TEST_BROKER, KAFKA_BROKERS and what the brokers need are looked up. @default process.env */
  env?: NodeJS.ProcessEnv;

  /** Takes the line that says which broker was taken and why. @default console.log */
  log?: (line: string) => void;
}

/** Which broker was taken, and why. */
export interface BrokerChoice {
  kind: TestBrokerKind;
  reason: string;
}

type Context = Required<Pick<TestBrokerOptions, 'env' | 'log'>>;
type Started = Pick<TestBroker, 'brokers' | 'stop'>;

/** The one table of the kinds: another kind of broker is a line here, a member of TestBrokerKind, and a place in the choice below. */
const STARTERS: Record<TestBrokerKind, (context: Context) => Started | Promise<Started>> = {
  apache: ({ env, log }) => startApacheKafka({ env, log }),
  docker: () => startDockerKafka(),
  external: ({ env }) => ({ brokers: externalBrokers(env), stop: async () => {} }),
};

/**
 * Starts a broker for tests, or finds one. In this order: `options.kind`; KAFKA_TEST_BROKER (`apache`, `docker`,
 * `external`); `external` where KAFKA_BROKERS is set; `docker` where a container runtime answers; `apache` where Java
 * >= 17 and Maven are found.
 *
 * @throws TestBrokerError when nothing of it is there, saying what was looked for, or when the broker does not start
 * @publicApi
 */
export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const { env = process.env, log = console.log } = options;
  const { kind, reason } = requestedBroker(env, options.kind) ?? (await availableBroker(env));
  log(`Broker for tests: ${kind} (${reason})`);
  const { brokers, stop } = await start(kind, { env, log });
  return { kind, brokers, stop, [Symbol.asyncDispose]: stop };
}

async function start(kind: TestBrokerKind, context: Context): Promise<Started> {
  const started = await STARTERS[kind](context);
  return { brokers: started.brokers, stop: () => started.stop() };
}

/** What the caller or the environment asks for, if they do. */
export function requestedBroker(env: NodeJS.ProcessEnv, kind?: TestBrokerKind): BrokerChoice | undefined {
  if (kind) return { kind: knownKind(kind, 'kind'), reason: 'asked for by the caller' };
  const forced = env.KAFKA_TEST_BROKER?.trim();
  if (forced) return { kind: knownKind(forced, 'KAFKA_TEST_BROKER'), reason: 'KAFKA_TEST_BROKER says so' };
  if (env.KAFKA_BROKERS?.trim()) return { kind: 'external', reason: 'KAFKA_BROKERS is set' };
  return undefined;
}

function knownKind(kind: string, source: string): TestBrokerKind {
  if (Object.hasOwn(STARTERS, kind)) return kind as TestBrokerKind;
  throw new TestBrokerError(`${source}: expected one of ${Object.keys(STARTERS).join(', ')}, got '${kind}'`);
}

async function availableBroker(env: NodeJS.ProcessEnv): Promise<BrokerChoice> {
  const docker = await probeDocker();
  return firstAvailable(docker, docker.found ? undefined : await probeApacheKafka(env));
}

/** Containers first: they need no Java. `apache` need not be looked for when `docker` was found. */
export function firstAvailable(docker: Probe, apache: Probe | undefined): BrokerChoice {
  if (docker.found) return { kind: 'docker', reason: docker.what };
  if (apache?.found) return { kind: 'apache', reason: `${docker.problem}; found ${apache.what}` };
  throw new TestBrokerError(
    'No broker for tests. Looked for:\n' +
      '  external: KAFKA_BROKERS is not set\n' +
      `  docker: ${docker.problem}\n` +
      `  apache: ${apache?.problem ?? 'not looked for'}\n` +
      'Set KAFKA_BROKERS to a running Kafka, start Docker, or install a JDK >= 17 and Maven.',
  );
}

/** The bootstrap servers in KAFKA_BROKERS, separated by commas. */
export function externalBrokers(env: NodeJS.ProcessEnv): string[] {
  const brokers = (env.KAFKA_BROKERS ?? '').split(',').map((broker) => broker.trim());
  const named = brokers.filter((broker) => broker !== '');
  if (named.length > 0) return named;
  throw new TestBrokerError(`KAFKA_BROKERS: expected host:port[,host:port…], got '${env.KAFKA_BROKERS ?? ''}'`);
}
