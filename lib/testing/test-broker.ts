import { prepareApacheKafka, startApacheKafka } from './apache-kafka.js';
import { probeDocker, startDockerKafka } from './docker-kafka.js';
import { EmbeddedKafka } from './embedded/embedded-kafka.js';
import { TestBrokerError } from './test-broker.error.js';

/**
 * `embedded`: {@link EmbeddedKafka}, in this process; `apache`: Apache Kafka on this machine's JVM; `docker`: the same in
 * a container; `external`: the brokers named by KAFKA_BROKERS.
 *
 * @publicApi
 */
export type TestBrokerKind = 'apache' | 'docker' | 'embedded' | 'external';

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

/**
 * Which broker, and why.
 *
 * @publicApi
 */
export interface BrokerChoice {
  kind: TestBrokerKind;
  reason: string;
}

type Context = Required<Pick<TestBrokerOptions, 'env' | 'log'>>;
type Started = Pick<TestBroker, 'brokers' | 'stop'>;

const STARTERS: Record<TestBrokerKind, (context: Context) => Started | Promise<Started>> = {
  apache: ({ env, log }) => startApacheKafka({ env, log }),
  docker: () => startDockerKafka(),
  embedded: () => EmbeddedKafka.start({ autoCreateTopics: false }),
  external: ({ env }) => ({ brokers: externalBrokers(env), stop: async () => {} }),
};

/**
 * Starts a broker for tests, or finds one. In this order: `options.kind`; KAFKA_TEST_BROKER; `external` where
 * KAFKA_BROKERS is set; `embedded`. No broker creates topics by their being used.
 *
 * @throws TestBrokerError when the kind that was asked for cannot be had, saying why
 * @publicApi
 */
export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const { env = process.env, log = console.log } = options;
  const { kind, reason } = chooseBroker(env, options.kind);
  log(`Broker for tests: ${kind} (${reason})`);
  const { brokers, stop } = await start(kind, { env, log });
  return { kind, brokers, stop, [Symbol.asyncDispose]: stop };
}

async function start(kind: TestBrokerKind, context: Context): Promise<Started> {
  const started = await STARTERS[kind](context);
  return { brokers: started.brokers, stop: () => started.stop() };
}

/** What the caller or the environment asks for, else what is always there. */
export function chooseBroker(env: NodeJS.ProcessEnv, kind?: TestBrokerKind): BrokerChoice {
  if (kind) return { kind: knownKind(kind, 'kind'), reason: 'asked for by the caller' };
  const forced = env.KAFKA_TEST_BROKER?.trim();
  if (forced) return { kind: knownKind(forced, 'KAFKA_TEST_BROKER'), reason: 'KAFKA_TEST_BROKER says so' };
  if (env.KAFKA_BROKERS?.trim()) return { kind: 'external', reason: 'KAFKA_BROKERS is set' };
  return { kind: 'embedded', reason: 'nothing else was asked for' };
}

function knownKind(kind: string, source: string): TestBrokerKind {
  if (Object.hasOwn(STARTERS, kind)) return kind as TestBrokerKind;
  throw new TestBrokerError(`${source}: expected one of ${Object.keys(STARTERS).sort().join(', ')}, got '${kind}'`);
}

/**
 * Which real Kafka can be had here, for suites that are to run on one too: `external` where KAFKA_BROKERS is set,
 * `docker` where a container runtime answers, `apache` where Java >= 17 is found and Kafka's jars are in the cache or
 * arrive by Maven within `downloadMs`. Without one, `kind` is undefined and `reason` says what was looked for.
 *
 * @publicApi
 */
export async function findRealBroker(
  options: Omit<TestBrokerOptions, 'kind'> & { /** @default 120000 */ downloadMs?: number } = {},
): Promise<BrokerChoice | { kind: undefined; reason: string }> {
  const { env = process.env, log = console.log, downloadMs = 120_000 } = options;
  if (env.KAFKA_BROKERS?.trim()) return { kind: 'external', reason: 'KAFKA_BROKERS is set' };
  const docker = await probeDocker();
  if (docker.found) return { kind: 'docker', reason: docker.what };
  const apache = await prepareApacheKafka(env, log, downloadMs);
  if (apache.found) return { kind: 'apache', reason: apache.what };
  return { kind: undefined, reason: `KAFKA_BROKERS is not set; ${docker.problem}; ${apache.problem}` };
}

/** The bootstrap servers in KAFKA_BROKERS, separated by commas. */
export function externalBrokers(env: NodeJS.ProcessEnv): string[] {
  const brokers = (env.KAFKA_BROKERS ?? '').split(',').map((broker) => broker.trim());
  const named = brokers.filter((broker) => broker !== '');
  if (named.length > 0) return named;
  throw new TestBrokerError(`KAFKA_BROKERS: expected host:port[,host:port…], got '${env.KAFKA_BROKERS ?? ''}'`);
}
