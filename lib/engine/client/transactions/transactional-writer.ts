import type { EngineLogger } from '../../logger.js';
import { settlesWithin } from '../../wait.js';
import type { SenderSettings } from '../client-settings.js';
import { byTopic } from '../connection/by-topic.js';
import type { Cluster } from '../connection/cluster.js';
import { describe, ErrorCode, isCoordinatorMoved, throwOnError } from '../connection/protocol-errors.js';
import { CommitFailedError, type CommittedPosition, type TopicPartition } from '../consumer-client.js';
import type { GroupCoordinator } from '../group/group-coordinator.js';
import { hasType, isNotWritable, isTooLarge } from '../outgoing.js';
import { PendingRecord, type RecordToSend } from '../produce/pending-record.js';
import { RecordSender } from '../produce/record-sender.js';
import { RecordTooLargeError, TopicNotWritableError } from '../record-publisher.js';
import { patiently } from './patiently.js';
import { TransactionCoordinator } from './transaction-coordinator.js';
import { TransactionalIdentity } from './transactional-identity.js';

interface TxnOffsetCommitResponse {
  topics: { topic: string; partitions: { partition: number; errorCode: number }[] }[];
}

/** Another producer of the same transactional id has taken over. */
export class ProducerFencedError extends Error {
  override readonly name = 'ProducerFencedError';
}

/** What is known of the producer between its beginning and its first failure. */
interface Producer {
  readonly identity: TransactionalIdentity;
  readonly sender: RecordSender;
}

/**
 * Writes records and a group's positions in one transaction, one after the other. After an error only the coordinator knows
 * how it ended: nothing more can be written before {@link init} has settled that.
 */
export class TransactionalWriter {
  private readonly coordinator: TransactionCoordinator;
  private readonly patienceMs: number;
  private producer: Producer | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly group: GroupCoordinator,
    readonly transactionalId: string,
    private readonly settings: SenderSettings,
    private readonly logger: EngineLogger,
  ) {
    this.patienceMs = Math.ceil(settings.requestTimeoutMs / 3);
    this.coordinator = new TransactionCoordinator(cluster, transactionalId, this.patienceMs);
  }

  /**
   * Once this has resolved, whatever was begun under the transactional id before is committed or aborted, and whoever did is
   * fenced off: the group's positions may be read.
   *
   * @throws when the id may not be used, or no coordinator can do it in time
   */
  async init(): Promise<void> {
    this.close();
    const id = await this.coordinator.init(this.deadline());
    const identity = new TransactionalIdentity(this.transactionalId, id, this.coordinator);
    const sender = new RecordSender(this.cluster, identity, this.settings, this.logger);
    this.producer = { identity, sender };
  }

  /**
   * All or nothing.
   *
   * @throws CommitFailedError when the group does not keep such long metadata: nothing is written, and less may be tried
   * @throws ProducerFencedError when another one has taken over
   * @throws RecordTooLargeError when the broker does not take a record for its size
   * @throws TopicNotWritableError when a topic of the records is not there, or may not be written
   * @throws Error when it is not known whether it was written
   */
  async write(records: readonly RecordToSend[], positions: readonly CommittedPosition[]): Promise<void> {
    const { producer } = this;
    if (!producer) throw new Error(`the last transaction of "${this.transactionalId}" has failed`);
    this.producer = undefined;
    try {
      await this.writeAs(producer, records, positions);
      this.producer = producer;
    } catch (cause) {
      if (cause instanceof CommitFailedError) this.producer = producer;
      else producer.sender.close();
      throw told(cause);
    }
  }

  /** What was begun is aborted by who comes next, or by the coordinator once its time is over. */
  close(): void {
    this.producer?.sender.close();
    this.producer = undefined;
  }

  private async writeAs(
    { identity, sender }: Producer,
    records: readonly RecordToSend[],
    positions: readonly CommittedPosition[],
  ): Promise<void> {
    const deadline = this.deadline();
    identity.begin(deadline);
    await this.coordinator.addOffsets(identity.id, this.group.group, deadline);
    const stored = Promise.race([identity.broken, store(sender, records, deadline)]);
    const [commit, storing] = await Promise.allSettled([this.commit(identity, positions, deadline), stored]);
    if (storing.status === 'rejected') throw storing.reason;
    if (commit.status === 'rejected' && commit.reason instanceof CommitFailedError)
      await this.coordinator.end(identity.id, false, deadline);
    if (commit.status === 'rejected') throw commit.reason;
    await this.coordinator.end(identity.id, true, deadline);
  }

  private async commit(
    { id, transactionalId }: TransactionalIdentity,
    positions: readonly CommittedPosition[],
    deadline: number,
  ): Promise<void> {
    const topics = byTopic(positions, ({ partition, offset, metadata }) => ({
      partition,
      offset: String(offset),
      metadata,
    }));
    const request = { transactionalId, producerId: String(id.producerId), producerEpoch: id.epoch, topics };
    const tooLarge = await patiently(deadline, async () => this.refusedFor(await this.answerInTime(request)));
    if (tooLarge.length === 0) return;
    const cause = describe(ErrorCode.OffsetMetadataTooLarge, 'nothing of the transaction is written');
    throw new CommitFailedError(cause.message, positions, { cause, metadataTooLarge: tooLarge });
  }

  private async answerInTime(request: object): Promise<TxnOffsetCommitResponse> {
    const answer = this.group.request<TxnOffsetCommitResponse>('offsets', 'TxnOffsetCommit', request);
    if (await settlesWithin(answer, this.patienceMs)) return answer;
    void this.group.abandon('offsets');
    throw new Error(`the coordinator did not answer within ${this.patienceMs} ms`);
  }

  /** @returns partitions that the group does not keep so much metadata of */
  private refusedFor({ topics }: TxnOffsetCommitResponse): TopicPartition[] {
    const results = topics.flatMap(({ topic, partitions }) => partitions.map((result) => ({ topic, ...result })));
    const [tooLarge, others] = [results.filter(isMetadataTooLarge), results.filter((one) => !isMetadataTooLarge(one))];
    for (const { topic, partition, errorCode } of others) {
      if (isCoordinatorMoved(errorCode)) this.group.moved();
      throwOnError(errorCode, `the position of ${topic}-${partition}`);
    }
    return tooLarge;
  }

  private deadline(): number {
    return performance.now() + this.settings.deliveryTimeoutMs;
  }
}

async function store(sender: RecordSender, records: readonly RecordToSend[], deadline: number): Promise<void> {
  const pending = records.map((record) => new PendingRecord(record, deadline, ignore));
  const results = Promise.allSettled(pending.map(({ stored }) => stored));
  for (const record of pending) sender.add(record);
  const refused = (await results).find((result) => result.status === 'rejected');
  if (refused) throw refused.reason;
}

function isMetadataTooLarge({ errorCode }: { errorCode: number }): boolean {
  return errorCode === ErrorCode.OffsetMetadataTooLarge;
}

function ignore(): void {}

const fencedTypes: ReadonlySet<unknown> = new Set(['INVALID_PRODUCER_EPOCH', 'INVALID_PRODUCER_ID_MAPPING']);

/** What is thrown in place of an error of the protocol. */
function told(cause: unknown): Error {
  if (cause instanceof CommitFailedError) return cause;
  const { message } = cause as Error;
  if (hasType(cause, fencedTypes)) return new ProducerFencedError('Another process does the same', { cause });
  if (isNotWritable(cause)) return new TopicNotWritableError(message, { cause });
  return isTooLarge(cause) ? new RecordTooLargeError(message, { cause }) : new Error(message, { cause });
}
