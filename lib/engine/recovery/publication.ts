import type { ConsumedRecord } from '../client/consumer-client.js';
import type { OutgoingRecord } from '../client/record-publisher.js';
import type { Thrown } from '../describe-thrown.js';
import { errorValues, joinHeaders, timeText, type FailureValues } from './recovery-headers.js';
import { delayMs, retryTopic } from './recovery-topics.js';

/** A failed record on its way to a retry topic or a dead-letter topic. */
export interface Failed {
  readonly record: ConsumedRecord;
  readonly group: string;
  readonly handler: string;

  /** In all, wherever they were made. */
  readonly attempts: number;

  /** What was thrown, and what can be told of it. */
  readonly error: unknown;
  readonly thrown: Thrown;
}

/** What is left out of a publication that the broker finds too large, one after the other. */
const dispensable = ['error-stack', 'error'] as const;

/** A record that recovery publishes: the original's bytes and headers, and those that tell what has happened. */
export class Publication {
  /** How often it was refused or not acknowledged. */
  failures = 0;
  private readonly values: FailureValues & Record<string, string>;
  private compressed = false;

  /** @param more headers beside those that tell of the failure */
  constructor(
    readonly topic: string,
    readonly failed: Failed,
    now: Date,
    more: Readonly<Record<string, string>> = {},
    private readonly preferredPartition?: number,
  ) {
    const { record, group, handler, attempts, thrown } = failed;
    this.values = {
      'original-topic': record.topic,
      'original-partition': String(record.partition),
      'original-offset': String(record.offset),
      'original-timestamp': timeText(record.timestamp),
      'original-group': group,
      'original-handler': handler,
      attempts: String(attempts),
      timestamp: now.toISOString(),
      ...errorValues(thrown),
      ...more,
    };
  }

  /** Whether the record will come back, or stays there until somebody looks at it. */
  get isRetry(): boolean {
    return 'retry-due' in this.values;
  }

  get outgoing(): OutgoingRecord {
    const { topic, preferredPartition } = this;
    const { key, value, headers } = this.failed.record;
    return {
      topic,
      key,
      value,
      headers: joinHeaders(headers, this.values),
      preferredPartition,
      compressed: this.compressed,
    };
  }

  /** Compresses the record, or leaves something out that it can do without. @returns whether that was possible */
  shrink(): boolean {
    if (!this.compressed) return (this.compressed = true);
    for (const name of dispensable) {
      if (this.values[name] === '') continue;
      this.values[name] = '';
      return true;
    }
    return false;
  }
}

/** One that stays there until somebody looks at it. */
export function deadLetter(topic: string, failed: Failed): Publication {
  return new Publication(topic, failed, new Date());
}

/**
 * One that comes back, into the same partition if there is one.
 *
 * @param delay such as `10s`
 * @param step of how many retry topics this is
 */
export function retryLater(delay: string, step: number, failed: Failed): Publication {
  const { record, group } = failed;
  const now = new Date();
  const due = new Date(now.getTime() + delayMs(delay)!);
  const headers = { 'retry-step': String(step), 'retry-due': due.toISOString() };
  return new Publication(retryTopic(record.topic, group, delay), failed, now, headers, record.partition);
}
