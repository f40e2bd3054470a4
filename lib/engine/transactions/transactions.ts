import type { RecordToSend } from '../client/produce/pending-record.js';
import {
  CommitFailedError,
  partitionName,
  type CommittedPosition,
  type ConsumerClient,
  type TopicPartition,
} from '../client/consumer-client.js';
import { RecordTooLargeError } from '../client/record-publisher.js';
import type { AssignedPartition } from '../dispatch/assigned-partition.js';
import { errorFields, placeFields } from '../log-fields.js';
import type { EngineLogger } from '../logger.js';
import { Committer, type CommitListener } from '../offsets/committer.js';
import { backoffDelay, type Backoff } from '../recovery/backoff.js';
import { metered, type Meter } from '../recovery/watchers.js';

/** Writes records and positions of a group together: all or nothing. */
export interface TransactionWriter {
  /** Settles whatever was begun under its transactional id before, and fences off who did. */
  init(): Promise<void>;

  /**
   * @throws CommitFailedError when nothing is written, and less metadata may be tried
   * @throws Error when {@link init} has to settle whether it was written
   */
  write(records: readonly RecordToSend[], positions: readonly CommittedPosition[]): Promise<void>;

  /** Frees what it holds. What was begun is aborted by who comes next, or by the broker. */
  close(): void;
}

/** What makes writers, which share its connections. */
export interface TransactionFactory {
  writer(transactionalId: string): TransactionWriter;
  close(): Promise<void>;
}

/** What transactions need of their surroundings. */
export interface TransactionDuties {
  client(): Pick<ConsumerClient, 'reread'> | undefined;

  /** What a partition holds has become less. */
  stored(partition: AssignedPartition): void;

  /** Drops all that is known of a partition. */
  lose(partition: AssignedPartition): void;
}

const backoff: Backoff = { initialDelayMs: 500, multiplier: 2, maxDelayMs: 30_000, jitter: 'full' };

/**
 * Partitions whose outputs and positions are written together. Each has a transactional id of its own, so that whoever reads
 * a partition next fences off who did before (KIP-98): the writer is made ready before the position is read, and after any error
 * the position is read again, for only the broker knows then whether the transaction counts.
 */
export class Transactions {
  private factory: TransactionFactory | undefined;

  /** By partition. */
  private readonly writers = new Map<string, TransactionWriter>();
  private readonly failures = new Map<string, number>();
  private readonly committers = new WeakMap<AssignedPartition, Committer<AssignedPartition>>();

  /** Partitions that had something that was too large for the broker. */
  private readonly oversized = new Set<string>();

  constructor(
    private readonly group: string,
    private readonly createFactory: () => TransactionFactory,
    private readonly duties: TransactionDuties,
    private readonly logger: EngineLogger,
    private readonly listener?: CommitListener,
    private readonly meter?: Meter,
  ) {}

  /** To be waited for before the position of a partition is read. */
  async prepare(place: TopicPartition): Promise<void> {
    const name = partitionName(place);
    this.factory ??= this.createFactory();
    const writer = this.factory.writer(`${this.group}/${name}`); // no topic has a slash: no two groups and partitions share an id
    await writer.init();
    this.writers.set(name, writer);
  }

  /** What commits a partition. */
  committerOf(partition: AssignedPartition): Committer<AssignedPartition> {
    const known = this.committers.get(partition);
    if (known) return known;
    const send = (positions: CommittedPosition[]): Promise<void> => this.write(partition, positions);
    const committer = new Committer(() => [partition], send, this.logger, this.listener, this.group);
    this.committers.set(partition, committer);
    return committer;
  }

  /** Whether what recovery moves elsewhere may go with a transaction: outside it can be made smaller until it is taken. */
  takesMoved(partition: TopicPartition): boolean {
    return !this.oversized.has(partitionName(partition));
  }

  forget(partitions: readonly TopicPartition[]): void {
    for (const name of partitions.map(partitionName)) {
      this.writers.get(name)?.close();
      this.writers.delete(name);
    }
  }

  async close(): Promise<void> {
    await this.factory?.close();
    this.factory = undefined;
    this.writers.clear();
  }

  private async write(partition: AssignedPartition, positions: readonly CommittedPosition[]): Promise<void> {
    const { name, outputs } = partition;
    const records = outputs.take(firstUntold(positions));
    try {
      const writer = this.writerOf(partition);
      await metered(this.meter, records, () => writer.write(records, positions));
      outputs.stored();
      if (partition.isOwned) this.duties.stored(partition);
      this.failures.delete(name);
      this.oversized.delete(name);
    } catch (error) {
      outputs.giveBack();
      if (!(error instanceof CommitFailedError)) this.failed(partition, error);
      throw error;
    }
  }

  private writerOf({ name }: AssignedPartition): TransactionWriter {
    const writer = this.writers.get(name);
    if (writer) return writer;
    throw new Error(`${name} was given up or lost`);
  }

  /** Never rejects. */
  private failed(partition: AssignedPartition, error: unknown): void {
    const { name, isOwned, position } = partition;
    if (!isOwned) return;
    if (error instanceof RecordTooLargeError) this.oversized.add(name);
    const failures = (this.failures.get(name) ?? 0) + 1;
    this.failures.set(name, failures);
    const delayMs = backoffDelay(failures, backoff);
    this.logger.error(
      `A transaction of group "${this.group}" up to ${name}@${position.offset} failed: ${(error as Error).message}. Unless it is ` +
        `stored all the same, its records are handled again in ${Math.round(delayMs)} ms`,
      undefined,
      {
        event: 'transaction-failed',
        group: this.group,
        ...placeFields(position),
        delayMs: Math.round(delayMs),
        ...errorFields(error),
      },
      `transaction ${(error as Error).message}`,
    );
    this.duties.lose(partition);
    this.duties.client()?.reread(position, delayMs);
  }
}

/** Without metadata nothing tells of records above the position: what they have led to waits, for they may be handled again. */
function firstUntold(positions: readonly CommittedPosition[]): number {
  const [{ offset, metadata }] = positions as [CommittedPosition];
  return metadata === '' ? offset : Infinity;
}
