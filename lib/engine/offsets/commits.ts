import type { CommittedPosition } from '../client/consumer-client.js';
import type { AssignedPartition } from '../dispatch/assigned-partition.js';
import { placesField } from '../log-fields.js';
import type { EngineLogger } from '../logger.js';
import type { Transactions } from '../transactions/transactions.js';
import { settlesWithin } from '../wait.js';
import { Committer, type CommitListener } from './committer.js';

/** Commits how far partitions have come: of all together, or of each with its outputs in transactions of its own. */
export class Commits {
  private readonly together: Committer<AssignedPartition>;

  /** @param send commits without a transaction */
  constructor(
    private readonly group: string,
    private readonly partitions: () => readonly AssignedPartition[],
    send: (positions: CommittedPosition[]) => Promise<void>,
    private readonly transactions: Transactions,
    private readonly logger: EngineLogger,
    listener?: CommitListener,
  ) {
    const plain = (): AssignedPartition[] => partitions().filter(({ plan }) => !plan.isTransactional);
    this.together = new Committer(plain, send, logger, listener, group);
  }

  /** The position a partition starts from is committed already. */
  startedAt(partition: AssignedPartition): void {
    this.committerOf(partition).startedAt(partition);
  }

  /** Commits what is completed, in the background: of a partition or of all. */
  flush(partition?: AssignedPartition): void {
    if (partition) return void this.committerOf(partition).flush();
    const committers = new Set(this.partitions().map((one) => this.committerOf(one)));
    committers.forEach((committer) => void committer.flush());
  }

  /** Commits until the broker knows what the partition has completed up to now; false if it is lost before, or the signal fires. */
  untilCommitted(partition: AssignedPartition, signal: AbortSignal): Promise<boolean> {
    return this.committerOf(partition).untilCommitted(partition, signal);
  }

  /** The last commit, before partitions are given up. */
  async last(partitions: readonly AssignedPartition[], budgetMs: number): Promise<void> {
    const tooLate = new AbortController();
    const committed = partitions.map((partition) => this.untilCommitted(partition, tooLate.signal));
    const isInTime = await settlesWithin(Promise.all(committed), budgetMs);
    tooLate.abort();
    if (isInTime) return;
    const due = partitions.filter((partition) => this.isDue(partition));
    const names = due.map(({ name, position }) => `${name}@${position.offset}`);
    this.logger.error(
      `The last commit of group "${this.group}" was not answered in time; records may be delivered again from ` +
        names.toSorted().join(', '),
      undefined,
      { event: 'commit-failed', group: this.group, ...placesField(due.map(({ position }) => position)) },
    );
  }

  private isDue(partition: AssignedPartition): boolean {
    return partition.isOwned && !this.committerOf(partition).isDone(partition);
  }

  private committerOf(partition: AssignedPartition): Committer<AssignedPartition> {
    return partition.plan.isTransactional ? this.transactions.committerOf(partition) : this.together;
  }
}
