import type { TopicPartition } from '../consumer-client.js';

/** A member while partitions are being divided, and what it would hold. */
export class Holder {
  private readonly kept: TopicPartition[] = [];
  private readonly movable = new Map<string, TopicPartition[]>();
  private held = 0;

  /** How many partitions it has. */
  get load(): number {
    return this.held;
  }

  get partitions(): TopicPartition[] {
    return [...this.kept, ...[...this.movable.values()].flat()];
  }

  /** Topics it can give a partition of, the one it has most of first: so a member that joins gets some of each. */
  get movableTopics(): string[] {
    const topics = [...this.movable].filter(([, partitions]) => partitions.length > 0);
    return topics.sort(([, a], [, b]) => b.length - a.length).map(([topic]) => topic);
  }

  /** Takes a partition that is not to move, until {@link release}. */
  keep(partition: TopicPartition): void {
    this.kept.push(partition);
    this.held++;
  }

  take(partition: TopicPartition): void {
    this.pile(partition.topic).push(partition);
    this.held++;
  }

  /** Gives up the partition of a topic that it got last: what it kept goes only when nothing else is left. */
  give(topic: string): TopicPartition {
    this.held--;
    return this.pile(topic).pop()!;
  }

  /** Lets what it kept move as well, after all else. */
  release(): void {
    for (const partition of this.kept.splice(0).reverse()) this.pile(partition.topic).unshift(partition);
  }

  private pile(topic: string): TopicPartition[] {
    let pile = this.movable.get(topic);
    if (!pile) this.movable.set(topic, (pile = []));
    return pile;
  }
}
