import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { TestBrokerError } from '../test-broker.error.js';
import { NEEDS_SHELL } from './java.js';
import { OrphanGuard } from './orphan-guard.js';

const run = promisify(execFile);

export const KAFKA_VERSION = '4.1.1';

/** The binding for the SLF4J 1.7 that Kafka is built on; Kafka's own artifacts bring none. */
const LOG4J_VERSION = '2.24.3';
const DOWNLOAD_TIMEOUT_MS = 300_000;

/** Artifacts of Kafka whose jars can be had: the broker, and the command line tools. */
export type KafkaArtifact = 'kafka_2.13' | 'kafka-tools';

const pomOf = (artifact: KafkaArtifact) => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>things-kit</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>${artifact}</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>${LOG4J_VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>${LOG4J_VERSION}</version></dependency>
  </dependencies>
  <build><plugins><plugin><artifactId>maven-dependency-plugin</artifactId><version>3.8.1</version></plugin></plugins></build>
</project>
`;

/**
 * Where the jars are kept: below KAFKA_TEST_CACHE, else XDG_CACHE_HOME, else `~/.cache`. The name carries a digest of
 * the pom, so that another set of jars never meets the cache of this one.
 */
export function jarsFolder(env: NodeJS.ProcessEnv, home = homedir(), artifact: KafkaArtifact = 'kafka_2.13'): string {
  const digest = createHash('sha256').update(pomOf(artifact)).digest('hex').slice(0, 8);
  return join(cacheRoot(env, home), `${KAFKA_VERSION}-${digest}`);
}

/** The XDG specification has relative paths ignored. */
function cacheRoot(env: NodeJS.ProcessEnv, home: string): string {
  if (env.KAFKA_TEST_CACHE) return resolve(env.KAFKA_TEST_CACHE);
  const xdg = env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, '.cache'), 'things-kit-kafka');
}

export function jarsAreCached(env: NodeJS.ProcessEnv): boolean {
  return existsSync(jarsFolder(env));
}

/** The folder with the jars of an artifact and all it needs, downloaded by Maven where they are not in the cache yet. */
export async function provideJars(
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
  timeoutMs = DOWNLOAD_TIMEOUT_MS,
  artifact: KafkaArtifact = 'kafka_2.13',
): Promise<string> {
  const folder = jarsFolder(env, homedir(), artifact);
  if (!existsSync(folder)) {
    log(`Downloading Apache Kafka ${KAFKA_VERSION} (${artifact}) with Maven into ${folder} (once)`);
    await download(artifact, folder, env, timeoutMs);
  }
  return folder;
}

/** Downloads beside the folder and renames: the folder is there whole or not at all, whoever interrupts or races. */
async function download(
  artifact: KafkaArtifact,
  folder: string,
  env: NodeJS.ProcessEnv,
  timeoutMs: number,
): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  const guard = await OrphanGuard.start();
  const temporary = await mkdtemp(`${folder}.`);
  guard.watchFolder(temporary);
  try {
    await writeFile(join(temporary, 'pom.xml'), pomOf(artifact));
    await copyDependencies(temporary, env, timeoutMs);
    await rename(join(temporary, 'jars'), folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error; // else another run was quicker, and its jars are the same
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
    guard.close();
  }
}

async function copyDependencies(cwd: string, env: NodeJS.ProcessEnv, timeout: number): Promise<void> {
  const goal = ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=jars'];
  try {
    await run('mvn', goal, { cwd, env, shell: NEEDS_SHELL, timeout });
  } catch (error) {
    const { stdout = '', killed } = error as { stdout?: string; killed?: boolean };
    const reason = killed ? `did not finish within ${timeout / 1000} s` : 'failed';
    throw new TestBrokerError(
      `Downloading Apache Kafka ${KAFKA_VERSION}: \`mvn ${goal.join(' ')}\` ${reason}. ` +
        'It needs a reachable Maven repository (see your Maven settings), or a filled cache named by KAFKA_TEST_CACHE.',
      { cause: error, logTail: stdout.slice(-2_000) },
    );
  }
}
