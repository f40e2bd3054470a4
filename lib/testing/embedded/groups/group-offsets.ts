/** An offset a group has committed. */
export interface CommittedOffset {
  offset: number;
  metadata: string;
}

/** Offsets by topic and partition. */
export type OffsetMap = Map<string, Map<number, CommittedOffset>>;

/** The offsets of one group: those committed, and those that wait for the end of a transaction. */
export class GroupOffsets {
  private readonly committed: OffsetMap = new Map();
  private readonly pending = new Map<number, OffsetMap>();

  get isEmpty(): boolean {
    return this.committed.size === 0 && this.pending.size === 0;
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.committed.get(topic)?.get(partition);
  }

  all(): OffsetMap {
    return this.committed;
  }

  commit(topic: string, partition: number, offset: CommittedOffset): void {
    put(this.committed, topic, partition, offset);
  }

  /** Whether a transaction under way may change it. */
  isPending(topic: string, partition: number): boolean {
    return [...this.pending.values()].some((held) => held.get(topic)?.has(partition));
  }

  /** Keeps an offset until the producer's transaction ends. */
  hold(producerId: number, topic: string, partition: number, offset: CommittedOffset): void {
    const held = this.pending.get(producerId) ?? new Map<string, Map<number, CommittedOffset>>();
    this.pending.set(producerId, held);
    put(held, topic, partition, offset);
  }

  endTransaction(producerId: number, committed: boolean): void {
    const held = this.pending.get(producerId);
    this.pending.delete(producerId);
    if (!held || !committed) return;
    for (const [topic, offsets] of held) {
      for (const [partition, offset] of offsets) this.commit(topic, partition, offset);
    }
  }

  forgetTopic(topic: string): void {
    this.committed.delete(topic);
    for (const held of this.pending.values()) held.delete(topic);
  }
}

function put(map: OffsetMap, topic: string, partition: number, offset: CommittedOffset): void {
  const offsets = map.get(topic) ?? new Map<number, CommittedOffset>();
  offsets.set(partition, offset);
  map.set(topic, offsets);
}
