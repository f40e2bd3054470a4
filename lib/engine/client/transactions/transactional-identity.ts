import { partitionName, type TopicPartition } from '../consumer-client.js';
import type { ProducerId, ProducerIdentity } from '../produce/producer-identity.js';
import type { TransactionCoordinator } from './transaction-coordinator.js';

/** Writes in one transaction after the other, until one fails. */
export class TransactionalIdentity implements ProducerIdentity {
  /** Rejects when partitions could not be enlisted: the transaction cannot be completed then. */
  readonly broken: Promise<never>;
  private break!: (error: unknown) => void;
  private enlisted = new Map<string, Promise<void>>();
  private lastEnlisting: Promise<void> = Promise.resolve();
  private deadline = 0;

  constructor(
    readonly transactionalId: string,
    readonly id: ProducerId,
    private readonly coordinator: TransactionCoordinator,
  ) {
    this.broken = new Promise<never>((_, reject) => (this.break = reject));
    this.broken.catch(() => undefined);
  }

  /** @param deadline of the transaction, by the clock of `performance` */
  begin(deadline: number): void {
    this.deadline = deadline;
    this.enlisted = new Map();
  }

  current(): Promise<ProducerId> {
    return Promise.resolve(this.id);
  }

  /** There is no other. */
  forget(): void {}

  async enlist(partitions: readonly TopicPartition[]): Promise<void> {
    const added = partitions.filter((partition) => !this.enlisted.has(partitionName(partition)));
    if (added.length > 0) this.add(added);
    for (const partition of partitions) await this.enlisted.get(partitionName(partition));
  }

  /** One request at a time: a coordinator refuses another meanwhile. */
  private add(partitions: readonly TopicPartition[]): void {
    const { deadline } = this;
    const adding = this.lastEnlisting.then(() => this.coordinator.addPartitions(this.id, partitions, deadline));
    for (const partition of partitions) this.enlisted.set(partitionName(partition), adding);
    this.lastEnlisting = adding.catch((error: unknown) => this.break(error));
  }
}
