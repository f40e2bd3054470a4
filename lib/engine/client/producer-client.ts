import type { PublishedRecord } from '../../messaging/producer.js';
import type { EngineLogger } from '../logger.js';
import { settlesWithin } from '../wait.js';
import type { ConnectionSettings, ProducerSettings } from './client-settings.js';
import { Cluster } from './connection/cluster.js';
import { isTooLarge, recordToSend } from './outgoing.js';
import { PendingRecord, type RecordToSend } from './produce/pending-record.js';
import { ProducerIds } from './produce/producer-ids.js';
import { RecordSender } from './produce/record-sender.js';
import { RecordTooLargeError, type OutgoingRecord, type RecordPublisher } from './record-publisher.js';

/**
 * An idempotent producer on requests of its own. kafkajs's takes sequence numbers back when an answer is lost, and the next
 * records that use them are acknowledged as duplicates and never stored; and it rejects all records for the fault of one.
 */
export class ProducerClient implements RecordPublisher {
  private readonly cluster: Cluster;
  private readonly sender: RecordSender;
  private readonly pending = new Set<PendingRecord>();
  private pendingBytes = 0;

  /** How many wait for what lingers to be sent. */
  private inHurry = 0;
  private wakeWhenRoom: (() => void) | undefined;
  private closed = false;

  constructor(
    settings: ConnectionSettings,
    private readonly logger: EngineLogger,
    private readonly producing: ProducerSettings,
  ) {
    this.cluster = new Cluster(settings, logger);
    const ids = new ProducerIds(() => this.cluster.initProducerId());
    const { requestTimeoutMs } = settings;
    this.sender = new RecordSender(this.cluster, ids, { ...producing, requestTimeoutMs }, logger);
  }

  /** Whether as many bytes wait for their acknowledgement as may. */
  get isFull(): boolean {
    return this.pendingBytes >= this.producing.maxBufferedBytes;
  }

  get isConnected(): boolean {
    return this.cluster.isConnected;
  }

  /** Resolves when there is room for more, and lets nothing linger meanwhile. One may wait for it at a time. */
  async untilRoom(): Promise<void> {
    if (this.isFull) await this.inHaste(new Promise<void>((resolve) => (this.wakeWhenRoom = resolve)));
  }

  /**
   * @returns where each record went, in their order; each rejects by itself
   * @throws Error when this is closed
   */
  send(records: readonly RecordToSend[]): Promise<PublishedRecord>[] {
    if (this.closed) throw closedError();
    const deadline = performance.now() + this.producing.deliveryTimeoutMs;
    return records.map((record) => this.enqueue(record, deadline));
  }

  async publish(record: OutgoingRecord): Promise<PublishedRecord> {
    try {
      const [stored] = this.send([recordToSend(record)]);
      return await stored!;
    } catch (error) {
      if (isTooLarge(error)) throw new RecordTooLargeError((error as Error).message, { cause: error });
      throw error;
    }
  }

  /** Sends what lingers. Resolves when all that was to be sent before is stored or refused. */
  async flush(): Promise<void> {
    await this.inHaste(Promise.allSettled([...this.pending].map(({ stored }) => stored)));
  }

  /** Flushes, then disconnects; within so many milliseconds, whatever the brokers do. */
  async close(deadlineMs: number): Promise<void> {
    this.closed = true;
    await settlesWithin(this.flush(), deadlineMs);
    this.sender.close();
    this.tellPending();
    for (const record of this.pending) record.fail(closedError('it may or may not be stored'));
    await this.cluster.close();
  }

  /** Whoever has published them may be gone already. */
  private tellPending(): void {
    const { size } = this.pending;
    if (size === 0) return;
    this.logger.warn(
      `Messages not acknowledged before the producer was closed, which may or may not be stored: ${size}`,
      {
        event: 'closed',
        records: size,
      },
    );
  }

  private enqueue(record: RecordToSend, deadline: number): Promise<PublishedRecord> {
    const pending = new PendingRecord(record, deadline, this.settled);
    this.pending.add(pending);
    this.pendingBytes += pending.size;
    this.sender.add(pending);
    return pending.stored;
  }

  private async inHaste(end: Promise<unknown>): Promise<void> {
    this.inHurry++;
    this.sender.hurry(true);
    await end;
    if (--this.inHurry === 0) this.sender.hurry(false);
  }

  private readonly settled = (record: PendingRecord): void => {
    if (!this.pending.delete(record)) return;
    this.pendingBytes -= record.size;
    if (!this.wakeWhenRoom || this.isFull) return;
    this.wakeWhenRoom();
    this.wakeWhenRoom = undefined;
  };
}

function closedError(fate = 'publish before the application has shut down'): Error {
  return new Error(`the producer is closed; ${fate}`);
}

/**
 * Of a producer for recovery, which tries again itself and says so: a record holds its lane meanwhile. Much that fails at once
 * goes in few requests.
 */
export function recoveryProducing(requestTimeoutMs: number): ProducerSettings {
  return {
    lingerMs: 0,
    deliveryTimeoutMs: requestTimeoutMs,
    maxRequestBytes: 1_048_576,
    maxBufferedBytes: Infinity,
    compression: 'none',
  };
}
