import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { found, missing, type Probe } from '../probe.js';

const run = promisify(execFile);

/** Kafka 4 brokers do not run on an older one (KIP-1013). */
const MIN_JAVA = 17;
const PROBE_TIMEOUT_MS = 10_000;

/** On Windows `mvn` is a script, which only a shell can start. */
export const NEEDS_SHELL = process.platform === 'win32';

/** The `java` of JAVA_HOME, else the one of the PATH. */
export function javaCommand(env: NodeJS.ProcessEnv): string {
  return env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : 'java';
}

/** The major version in what `java -version` prints: `"17.0.15"`, `"21"`, `"26-ea"`, and `"1.8.0_392"` for Java 8. */
export function javaMajorVersion(output: string): number | undefined {
  const version = /version "(?:1\.)?(\d+)/.exec(output)?.[1];
  return version === undefined ? undefined : Number(version);
}

export async function probeJava(env: NodeJS.ProcessEnv): Promise<Probe> {
  const command = javaCommand(env);
  try {
    const { stdout, stderr } = await run(command, ['-version'], { env, timeout: PROBE_TIMEOUT_MS });
    const major = javaMajorVersion(stderr + stdout);
    if (major !== undefined && major >= MIN_JAVA) return found(`Java ${major}`);
    return missing(`Java >= ${MIN_JAVA} is needed, \`${command}\` is ${major ?? 'of an unknown version'}`);
  } catch {
    return missing(`Java >= ${MIN_JAVA} is needed, \`${command} -version\` does not run`);
  }
}

export async function probeMaven(env: NodeJS.ProcessEnv): Promise<Probe> {
  try {
    await run('mvn', ['-v'], { env, shell: NEEDS_SHELL, timeout: PROBE_TIMEOUT_MS });
    return found('Maven');
  } catch {
    return missing('Maven is needed to download Kafka, `mvn -v` does not run');
  }
}
