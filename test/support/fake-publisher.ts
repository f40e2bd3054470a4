import type { PublishedRecord } from '../../lib/messaging/producer.js';
import type { OutgoingRecord, RecordPublisher } from '../../lib/engine/client/record-publisher.js';

/** Keeps what recovery publishes, or does with it what a spec says. */
export class FakePublisher implements RecordPublisher {
  /** What was stored. */
  readonly published: OutgoingRecord[] = [];
  attempts = 0;
  closed = false;

  /** What the broker makes of a record. */
  onPublish: (record: OutgoingRecord) => Promise<void> = () => Promise.resolve();

  async publish(record: OutgoingRecord): Promise<PublishedRecord> {
    this.attempts++;
    await this.onPublish(record);
    this.published.push(record);
    return {
      topic: record.topic,
      partition: record.preferredPartition ?? 0,
      offset: String(this.published.length - 1),
    };
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

/** The headers of a record as text; of a name that occurs more than once, the last. */
export function headersOf({ headers }: Pick<OutgoingRecord, 'headers'>): Record<string, string> {
  return Object.fromEntries(headers.map(([name, value]) => [name, value?.toString() ?? '']));
}
