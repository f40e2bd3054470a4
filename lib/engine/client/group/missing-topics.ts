import { wait } from '../../wait.js';
import type { Cluster } from '../connection/cluster.js';
import { ErrorCode } from '../connection/protocol-errors.js';
import type { TopicPartition } from '../consumer-client.js';
import type { GroupOffsets } from './group-offsets.js';

/** Until the brokers agree on whether a topic is there. */
const doubtMs = 300;

/**
 * Finds out whether a topic that a broker does not know was deleted. Until that is clear, there may be another one of its
 * name: to read that from where this one was read, or to commit that, would skip its records.
 */
export class MissingTopics {
  private readonly doubts = new Map<string, Promise<void>>();

  /**
   * @param read the partitions that are read now: the group has committed something for each
   * @param gone told of a topic that was deleted, also when one of its name was made since
   */
  constructor(
    private readonly cluster: Cluster,
    private readonly offsets: GroupOffsets,
    private readonly read: () => readonly TopicPartition[],
    private readonly gone: (topic: string) => void,
    private readonly closing: AbortSignal,
  ) {}

  /** Whether it is not clear now whether a topic is still the same. */
  isDoubtful(topic: string): boolean {
    return this.doubts.has(topic);
  }

  /** A broker does not know a topic. Settles once it is clear what that means, for all who tell of it meanwhile. */
  report(topic: string): Promise<void> {
    const doubt = this.doubts.get(topic) ?? this.findOut(topic).finally(() => this.doubts.delete(topic));
    this.doubts.set(topic, doubt);
    return doubt;
  }

  private async findOut(topic: string): Promise<void> {
    let isGone: boolean | undefined;
    while (isGone === undefined && !this.closing.aborted) {
      await wait(doubtMs, this.closing);
      isGone = await this.isGone(topic).catch(() => undefined); // an answer that did not come says nothing
    }
    if (isGone && !this.closing.aborted) this.gone(topic);
  }

  /**
   * A broker that has just started may not know a topic yet. One that was deleted may have been made anew by now, but what
   * the group had committed was deleted with it.
   */
  private async isGone(topic: string): Promise<boolean> {
    const read = this.read().filter((partition) => partition.topic === topic);
    const [found] = await this.cluster.metadata([topic]);
    if (!found || found.topicErrorCode === ErrorCode.UnknownTopicOrPartition) return true;
    const committed = (await this.offsets.fetch(new Map([[topic, found.partitionMetadata.length]]))).get(topic) ?? [];
    return read.some(({ partition }) => !committed.some((one) => one.partition === partition && one.offset >= 0));
  }
}
