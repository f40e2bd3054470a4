import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { provideJars } from '../../lib/testing/apache/jars.js';
import { javaCommand } from '../../lib/testing/apache/java.js';

export type JavaCompression = 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** Publishes lines by Kafka's own console producer, in one batch if it can. */
export async function produceByJava(
  brokers: readonly string[],
  topic: string,
  compression: JavaCompression,
  lines: readonly string[],
): Promise<void> {
  const jars = await provideJars(process.env, () => {}, undefined, 'kafka-tools');
  const main = ['-cp', join(jars, '*'), 'org.apache.kafka.tools.ConsoleProducer'];
  const producer = ['--bootstrap-server', brokers.join(','), '--topic', topic, '--compression-codec', compression];
  const batches = ['--producer-property', 'linger.ms=500', '--batch-size', '500000'];
  const child = spawn(javaCommand(process.env), ['-Xmx128m', ...main, ...producer, ...batches]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
  const ended = once(child, 'close');
  child.stdin.end(`${lines.join('\n')}\n`);
  await ended;
  if (child.exitCode !== 0) throw new Error(`the console producer ended with ${child.exitCode}: ${said}`);
}
