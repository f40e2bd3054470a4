/** `PrepareCommit` and `PrepareAbort` do not occur: markers are written at once. */
export type TransactionState = 'Empty' | 'Ongoing' | 'CompleteCommit' | 'CompleteAbort';

/** What is known of a transactional id. */
export class Transaction {
  epoch = 0;
  timeoutMs = 0;
  state: TransactionState = 'Empty';

  /** Partitions by topic that the open transaction writes to. */
  readonly partitions = new Map<string, Set<number>>();

  /** Groups that the open transaction commits offsets for. */
  readonly groups = new Set<string>();
  timer?: NodeJS.Timeout;

  constructor(
    readonly id: string,
    readonly producerId: number,
  ) {}

  add(topic: string, partition: number): void {
    this.partitions.set(topic, (this.partitions.get(topic) ?? new Set()).add(partition));
  }

  has(topic: string, partition: number): boolean {
    return this.state === 'Ongoing' && (this.partitions.get(topic)?.has(partition) ?? false);
  }

  finish(committed: boolean): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.partitions.clear();
    this.groups.clear();
    this.state = committed ? 'CompleteCommit' : 'CompleteAbort';
  }
}
