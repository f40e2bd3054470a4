import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KafkaConfigError } from '../../../lib/config/kafka-config.error.js';

/** A directory of its own for a spec, removed by its `remove`. */
export class Workspace {
  readonly path = mkdtempSync(join(tmpdir(), 'kafka-config-'));

  write(name: string, content: string): string {
    const file = join(this.path, name);
    writeFileSync(file, content);
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

export function errorOf(action: () => unknown): KafkaConfigError {
  try {
    action();
  } catch (error) {
    if (error instanceof KafkaConfigError) return error;
    throw error;
  }
  throw new Error('Expected a KafkaConfigError, but nothing was thrown.');
}

/** The lines of the message below its heading, without their bullets. */
export function faultLinesOf(action: () => unknown): string[] {
  const [, ...lines] = errorOf(action).message.split('\n');
  return lines.map((line) => line.replace(/^ {2}- /, ''));
}

export const certificate = `-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUTuE22eCPUv61UH7dIjfZdPIZ5mswCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOYnJva2VyLmV4YW1wbGUwIBcNMjYxMTIzMTgxNzI2WhgPMjEy
NjEwMzAxODE3MjZaMBkxFzAVBgNVBAMMDmJyb2tlci5leGFtcGxlMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEhYrRtCf7oFzhukmSluImLYQB1eyc+1hSb6Z48KuB
o+JCTGPnoRNejL5vS89LIVFdHWpe2X6tecRZeF8ZHiVH1qNTMFEwHQYDVR0OBBYE
FHBH/5C5aFvLVF0rEzoo9hPycggkMB8GA1UdIwQYMBaAFHBH/5C5aFvLVF0rEzoo
9hPycggkMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgYe5PGPZM
2+Uvw8dSXqDsoWj8zMpxT4rwBeHeU28+IQ0CIQCL0Rx5OkduaH8XHHcaK8QIm7zN
IE2ZUY7jU4NY2j42yA==
-----END CERTIFICATE-----
`;
