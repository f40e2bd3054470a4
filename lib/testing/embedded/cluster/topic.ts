import { type Node } from './node.js';
import { Partition } from './partition.js';
import { type ConfigEntry, TOPIC_DEFAULTS } from './topic-configs.js';

/** A topic's partitions and configuration. */
export class Topic {
  readonly partitions: Partition[] = [];
  readonly configs = new Map<string, string>();

  constructor(readonly name: string) {}

  /** Adds a partition whose first replica leads. */
  addPartition(replicas: Node[]): void {
    this.partitions.push(new Partition(this.partitions.length, replicas));
  }

  config(name: string): string | undefined {
    return this.configs.get(name) ?? TOPIC_DEFAULTS[name];
  }

  /** Replaces the topic's configuration, as AlterConfigs does: what is not named goes back to its default. */
  configure(entries: readonly ConfigEntry[]): void {
    this.configs.clear();
    for (const { name, value } of entries) if (value !== null) this.configs.set(name, value);
  }

  get maxMessageBytes(): number {
    return Number(this.config('max.message.bytes'));
  }

  get hasLogAppendTime(): boolean {
    return this.config('message.timestamp.type') === 'LogAppendTime';
  }
}
