import { wait } from '../../wait.js';
import type { Cluster } from '../connection/cluster.js';
import { ErrorCode } from '../connection/protocol-errors.js';
import type { TopicPartition } from '../consumer-client.js';
import type { GroupOffsets } from './group-offsets.js';

/** Until the brokers agree on whether a topic is there. */
const doubtMs = 300;

/** Finds out whether a topic that a broker does not know was deleted. */
export class MissingTopics {
  private readonly doubtful = new Set<string>();

  /** @param gone told of a topic that was deleted, also when one of its name was made since */
  constructor(
    private readonly cluster: Cluster,
    private readonly offsets: GroupOffsets,
    private readonly owned: () => readonly TopicPartition[],
    private readonly gone: (topic: string) => void,
    private readonly closing: AbortSignal,
  ) {}

  /** A broker does not know a topic. Told with every attempt to read it: one of them finds out. */
  async report(topic: string): Promise<void> {
    if (this.doubtful.has(topic)) return;
    this.doubtful.add(topic);
    let isGone: boolean | undefined;
    while (isGone === undefined && !this.closing.aborted) {
      await wait(doubtMs, this.closing);
      isGone = await this.isGone(topic).catch(() => undefined); // an answer that did not come says nothing
    }
    this.doubtful.delete(topic);
    if (isGone && !this.closing.aborted) this.gone(topic);
  }

  /**
   * A broker that has just started may not know a topic yet. One that was deleted may have been made anew by now, but what
   * the group had committed was deleted with it.
   */
  private async isGone(topic: string): Promise<boolean> {
    const owned = this.owned().filter((partition) => partition.topic === topic);
    const [found] = await this.cluster.metadata([topic]);
    if (!found || found.topicErrorCode === ErrorCode.UnknownTopicOrPartition) return true;
    const committed = (await this.offsets.fetch(new Map([[topic, found.partitionMetadata.length]]))).get(topic) ?? [];
    return owned.some(({ partition }) => !committed.some((one) => one.partition === partition && one.offset >= 0));
  }
}
