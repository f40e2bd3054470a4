import { MessagingError } from '../messaging/errors.js';

/**
 * One thing wrong with the configuration. No member ever holds a secret.
 *
 * @publicApi
 */
export interface ConfigFault {
  /** Path of the option, such as `retry.maxAttempts` or `brokers[0]`; empty for the file or the options as a whole. */
  readonly path: string;

  /** The environment variable or the file it came from, where known. */
  readonly source?: string;

  /** What came. */
  readonly received: string;

  /** What was expected. */
  readonly expected: string;

  /** What to change. */
  readonly change: string;
}

/**
 * Thrown at the start for a configuration that cannot be used. The message lists every fault, one a line.
 *
 * @publicApi
 */
export class KafkaConfigError extends MessagingError {
  constructor(readonly faults: readonly ConfigFault[]) {
    super([`The Kafka configuration has ${count(faults)}:`, ...faults.map(lineOf)].join('\n'));
  }
}

function count({ length }: readonly ConfigFault[]): string {
  return length === 1 ? 'a fault' : `${length} faults`;
}

function lineOf({ path, source, received, expected, change }: ConfigFault): string {
  const subject = path && source ? `${path} (${source})` : path || source || 'options';
  return `  - ${subject}: expected ${expected}, got ${received}. ${change}`;
}
