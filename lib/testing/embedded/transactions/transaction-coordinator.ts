import { type Topics } from '../cluster/topics.js';
import { type GroupCoordinator } from '../groups/group-coordinator.js';
import { Refusal } from '../protocol/errors.js';
import { Transaction } from './transaction.js';

/** Kafka's `transaction.max.timeout.ms`. */
const MAX_TIMEOUT_MS = 900_000;
const LAST_EPOCH = 32_767;

/** Who a transactional request says it is from. */
export interface Producer {
  transactionalId: string;
  producerId: number;
  producerEpoch: number;
}

/** Gives out producer ids, and keeps the transactions of all transactional ids (KIP-98). */
export class TransactionCoordinator {
  private readonly transactions = new Map<string, Transaction>();
  private lastProducerId = 0;

  constructor(
    private readonly topics: Topics,
    private readonly groups: GroupCoordinator,
  ) {}

  /** Starts a producer. One with a transactional id fences its predecessor and aborts what that left open. */
  init(transactionalId: string | null, timeoutMs: number): { producerId: number; producerEpoch: number } {
    if (transactionalId === null) return { producerId: ++this.lastProducerId, producerEpoch: 0 };
    if (transactionalId === '') throw new Refusal('INVALID_REQUEST', 'expected a transactional id, got an empty one');
    if (timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS) {
      throw new Refusal('INVALID_TRANSACTION_TIMEOUT', `expected 1 to ${MAX_TIMEOUT_MS} ms, got ${timeoutMs}`);
    }
    const { producerId, epoch } = this.start(transactionalId, timeoutMs);
    return { producerId, producerEpoch: epoch };
  }

  addPartition(producer: Producer, topic: string, partition: number): void {
    this.topics.partition(topic, partition);
    this.open(producer).add(topic, partition);
  }

  addGroup(producer: Producer, groupId: string): void {
    this.open(producer).groups.add(groupId);
  }

  /** @throws Refusal `INVALID_TXN_STATE` unless the producer's open transaction has the group */
  expectGroup(producer: Producer, groupId: string): void {
    const transaction = this.expect(producer);
    if (transaction.state === 'Ongoing' && transaction.groups.has(groupId)) return;
    throw new Refusal('INVALID_TXN_STATE', `the transaction does not have group ${groupId}`);
  }

  /** @throws Refusal `INVALID_TXN_STATE` unless the producer's open transaction has the partition */
  expectPartition(producer: Producer, topic: string, partition: number): void {
    if (this.expect(producer).has(topic, partition)) return;
    throw new Refusal('INVALID_TXN_STATE', `the transaction does not have partition ${partition} of ${topic}`);
  }

  end(producer: Producer, committed: boolean): void {
    const transaction = this.expect(producer);
    if (transaction.state === (committed ? 'CompleteCommit' : 'CompleteAbort')) return;
    if (transaction.state !== 'Ongoing') {
      throw new Refusal('INVALID_TXN_STATE', `expected an open transaction, got one in state ${transaction.state}`);
    }
    this.complete(transaction, committed);
  }

  close(): void {
    for (const { timer } of this.transactions.values()) clearTimeout(timer);
  }

  private start(transactionalId: string, timeoutMs: number): Transaction {
    const known = this.transactions.get(transactionalId);
    if (known) this.fence(known);
    const transaction =
      known && known.epoch < LAST_EPOCH ? known : new Transaction(transactionalId, ++this.lastProducerId);
    transaction.state = 'Empty';
    transaction.timeoutMs = timeoutMs;
    this.transactions.set(transactionalId, transaction);
    return transaction;
  }

  private fence(transaction: Transaction): void {
    transaction.epoch++;
    if (transaction.state === 'Ongoing') this.complete(transaction, false);
  }

  private open(producer: Producer): Transaction {
    const transaction = this.expect(producer);
    if (transaction.state !== 'Ongoing') {
      transaction.state = 'Ongoing';
      transaction.timer = setTimeout(() => this.fence(transaction), transaction.timeoutMs).unref();
    }
    return transaction;
  }

  private complete(transaction: Transaction, committed: boolean): void {
    const { producerId, partitions, groups } = transaction;
    for (const [topic, indexes] of partitions) {
      if (this.topics.has(topic)) for (const index of indexes) this.mark(topic, index, transaction, committed);
    }
    for (const group of groups) this.groups.endTransaction(group, producerId, committed);
    transaction.finish(committed);
  }

  private mark(topic: string, index: number, { producerId, epoch }: Transaction, committed: boolean): void {
    const { log, leaderEpoch } = this.topics.partition(topic, index);
    log.endTransaction(producerId, epoch, committed, leaderEpoch);
  }

  private expect({ transactionalId, producerId, producerEpoch }: Producer): Transaction {
    const transaction = this.transactions.get(transactionalId);
    if (transaction?.producerId !== producerId) {
      throw new Refusal('INVALID_PRODUCER_ID_MAPPING', `${producerId} is not the producer of ${transactionalId}`);
    }
    if (transaction.epoch !== producerEpoch) {
      throw new Refusal('INVALID_PRODUCER_EPOCH', `expected epoch ${transaction.epoch}, got ${producerEpoch}`);
    }
    return transaction;
  }
}
