import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { brokers, uniqueName } from '../support/kafka.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'dist/sample/main.js');

/** `shutdown_timeout_ms` of the sample. */
const DRAIN_MS = 10_000;

describe('the sample', () => {
  let sample: ChildProcess;
  let output: string;

  beforeAll(build, 120_000);

  afterEach(() => void sample?.kill('SIGKILL')); // none when the build failed

  it('handles the orders it is asked to publish, and ends', async () => {
    run({ SAMPLE_ORDERS: '3' });
    expect(await exitCode(50_000)).toBe(0);
    expect(output).toMatch(/\[Orders] \w+-003 created: 4 × espresso for Margaret, 10\.00 EUR$/m);
    expect(output).toMatch(/\[Orders] \w+-003 paid: +10\.00 EUR by card$/m);
    expect(shipped()).toBe(3);
    expect(output).toMatch(/\[Summary] 3 orders, 3 of them shipped, 36\.10 EUR taken$/m);
    expect(output).toMatch(/\[Sales] .* ordered, counted in \d+ batches$/m);
  });

  it('drains on SIGTERM in the middle of its stream, and ends with 0', async () => {
    run();
    await eventually(() => shipped() >= 2, { timeoutMs: 40_000, message: () => `two orders are shipped:\n${output}` });
    sample.kill('SIGTERM');
    expect(await exitCode(DRAIN_MS)).toBe(0);
    expect(output).toMatch(/\[KafkaConsumerService] Left group .*\n(.*\n)*.*\[Summary] /);
  });

  it('tells how it is over HTTP', async () => {
    run();
    const port = await httpPort();
    const statusOf = async (check: string): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${port}/health/${check}`);
      return response.status;
    };

    for (const check of ['startup', 'readiness', 'liveness']) {
      await eventually(async () => expect(await statusOf(check)).toBe(200), { timeoutMs: 40_000 });
    }
    const response = await fetch(`http://127.0.0.1:${port}/health/readiness`);
    const { details } = (await response.json()) as { details: { kafka: { groups: { group: string }[] } } };
    expect(details.kafka.groups.map(({ group }) => group)).toContain('sales-report');

    await eventually(
      async () => {
        const metrics = await fetch(`http://127.0.0.1:${port}/metrics`);
        expect(await metrics.text()).toMatch(/^messaging_client_consumed_messages_total{.*"orders\.created".*} \d+/m);
      },
      { timeoutMs: 40_000 },
    );

    sample.kill('SIGTERM');
    expect(await exitCode(DRAIN_MS)).toBe(0);
  });

  /** A group of its own that starts at the end: what other runs left in the topics is not its business. */
  function run(env: NodeJS.ProcessEnv = {}): void {
    output = '';
    const group = { KAFKA_GROUP: uniqueName('order-service'), KAFKA_START_FROM_BEGINNING: 'false' };
    const kafka = { KAFKA_BROKERS: brokers().join(','), ...group };
    sample = spawn(process.execPath, [main], {
      env: { ...process.env, ...kafka, NO_COLOR: '1', SAMPLE_PORT: '0', ...env },
    });
    for (const stream of [sample.stdout!, sample.stderr!]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
  }

  async function httpPort(): Promise<string> {
    const port = () => /\[Http] Health is at http:\/\/localhost:(\d+)\//.exec(output)?.[1];
    await eventually(() => port() !== undefined, { timeoutMs: 40_000, message: () => `it serves HTTP:\n${output}` });
    return port()!;
  }

  function shipped(): number {
    return output.match(/\[Orders] .* shipped$/gm)?.length ?? 0;
  }

  /** `close` comes when all output is read, unlike `exit`. */
  async function exitCode(timeoutMs: number): Promise<unknown> {
    try {
      const [code, signal] = (await once(sample, 'close', { signal: AbortSignal.timeout(timeoutMs) })) as unknown[];
      return code ?? signal;
    } catch (cause) {
      throw new Error(`The sample did not end within ${timeoutMs} ms:\n${output}`, { cause });
    }
  }
});

/** It runs on the package as it is built, so both are built where that is missing or older than the sources. */
async function build(): Promise<void> {
  if (newest('lib', 'sample') < (statSync(main, { throwIfNoEntry: false })?.mtimeMs ?? 0)) return;
  for (const project of ['tsconfig.build.json', 'sample/tsconfig.build.json']) {
    await promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project], { cwd: root });
  }
}

function newest(...folders: string[]): number {
  const files = folders.flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }));
  return Math.max(...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs));
}
