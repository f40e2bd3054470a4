import { partitionName, type TopicPartition } from '../consumer-client.js';

/** The partitions a member owns, from the assignment that brings them to the one that takes them, or their loss. */
export class Ownership {
  private readonly held = new Map<string, TopicPartition>();
  private readonly placed = new Set<TopicPartition>();
  private readonly leaving = new Set<string>();

  get all(): TopicPartition[] {
    return [...this.held.values()];
  }

  includes(partition: TopicPartition): boolean {
    return this.held.has(partitionName(partition));
  }

  /** Whether it is still the same ownership: a partition that went and came back is another one. */
  has(partition: TopicPartition): boolean {
    return this.held.get(partitionName(partition)) === partition;
  }

  /** Of these a position is known and committed: they are read. */
  place(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.placed.add(partition);
  }

  /** Those that are read. */
  get read(): TopicPartition[] {
    return this.all.filter((partition) => this.placed.has(partition));
  }

  /** Whether it is on its way out. */
  isLeaving(partition: TopicPartition): boolean {
    return this.leaving.has(partitionName(partition));
  }

  /** They are on their way out: ours until {@link drop}, to be committed, but nothing of them is to begin. */
  beginToLeave(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const leaving = { ...partition };
      this.leaving.add(partitionName(partition));
      this.held.set(partitionName(partition), leaving);
      if (this.placed.delete(partition)) this.placed.add(leaving);
    }
  }

  /** What was read is read no more: it is owned as if it had just been assigned. */
  renew(partitions: readonly TopicPartition[]): TopicPartition[] {
    this.drop(partitions);
    return this.compare([...this.all, ...partitions]).added;
  }

  /** What an assignment brings, owned from now on, and what it takes, owned until {@link drop}. */
  compare(assigned: readonly TopicPartition[]): { added: TopicPartition[]; revoked: TopicPartition[] } {
    const names = new Set(assigned.map(partitionName));
    const revoked = this.all.filter((partition) => !names.has(partitionName(partition)));
    const added = assigned
      .filter((partition) => !this.held.has(partitionName(partition)))
      .map(({ topic, partition }) => ({ topic, partition }));
    for (const partition of added) this.held.set(partitionName(partition), partition);
    return { added, revoked };
  }

  drop(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const name = partitionName(partition);
      this.placed.delete(this.held.get(name)!);
      this.held.delete(name);
      this.leaving.delete(name);
    }
  }
}
