import { partitionName, type TopicPartition } from '../client/consumer-client.js';

/** What the application has asked to be paused: for everything, a topic or partitions. The most specific request holds. */
export class RequestedPauses {
  private everything = false;
  private readonly topics = new Map<string, boolean>();
  private readonly partitions = new Map<string, { topic: string; paused: boolean }>();

  includes(partition: TopicPartition): boolean {
    const specific = this.partitions.get(partitionName(partition))?.paused ?? this.topics.get(partition.topic);
    return specific ?? this.everything;
  }

  /** A request overrules the narrower ones before it. */
  set(paused: boolean, topic?: string, partitions?: readonly number[]): void {
    if (topic === undefined) this.setEverything(paused);
    else if (partitions === undefined) this.setTopic(paused, topic);
    else
      for (const partition of partitions) this.partitions.set(partitionName({ topic, partition }), { topic, paused });
  }

  private setEverything(paused: boolean): void {
    this.everything = paused;
    this.topics.clear();
    this.partitions.clear();
  }

  private setTopic(paused: boolean, topic: string): void {
    this.topics.set(topic, paused);
    for (const [name, request] of this.partitions) if (request.topic === topic) this.partitions.delete(name);
  }
}
