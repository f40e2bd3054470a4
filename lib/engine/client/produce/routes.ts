import type { EngineLogger } from '../../logger.js';
import { errorFields } from '../../log-fields.js';
import { backoffDelay, type Backoff } from '../../recovery/backoff.js';
import { topicNameFault } from '../../topic-name.js';
import { wait } from '../../wait.js';
import type { Cluster, TopicMetadata } from '../connection/cluster.js';
import { describe, ErrorCode, isRetriable } from '../connection/protocol-errors.js';
import { RepeatedLog } from '../repeated-log.js';
import type { PartitionQueue } from './partition-queue.js';
import type { PendingRecord } from './pending-record.js';
import { TopicQueues } from './topic-queues.js';

/** Brokers learn of a new topic one after the other. */
const missingTopicMs = 5_000;

/** As Java's clients have it: partitions may have been added. */
const metadataMaxAgeMs = 300_000;
const backoff: Backoff = { initialDelayMs: 100, multiplier: 2, maxDelayMs: 1_000, jitter: 'none' };

/** Finds the partition of each record and the broker of each partition, however often it has to ask. */
export class Routes {
  private readonly topics = new Map<string, TopicQueues>();

  /** Those with records, whose broker is not known. */
  private readonly homeless = new Set<PartitionQueue>();
  private readonly rests = new Set<NodeJS.Timeout>();
  private readonly log: RepeatedLog;
  private impatient = new AbortController();
  private isLooking = false;
  private closed = false;

  /**
   * @param deliveryTimeoutMs what records have for their way
   * @param found called with a partition whose broker is known, and the bytes that were added to it
   */
  constructor(
    private readonly cluster: Pick<Cluster, 'metadata'>,
    private readonly deliveryTimeoutMs: number,
    private readonly found: (partition: PartitionQueue, bytes: number) => void,
    logger: EngineLogger,
  ) {
    this.log = new RepeatedLog(logger);
  }

  add(record: PendingRecord): void {
    const { topic: name } = record.record;
    const topic = this.topics.get(name) ?? new TopicQueues(name);
    const fault = topic.knownAt === 0 ? topicNameFault(name) : undefined;
    if (fault !== undefined) return record.fail(new Error(`"${name}" is no topic: the name ${fault}`));
    this.topics.set(name, topic);
    if (topic.waiting.length > 0 || !this.place(topic, record)) topic.waiting.push(record);
    if (topic.waiting.length > 0 || isOld(topic)) this.look();
  }

  /** Finds the broker of a partition anew, later after each failure. */
  relocate(partition: PartitionQueue): void {
    if (this.closed) return;
    const { failures } = partition;
    partition.leader = undefined;
    partition.isResting = true;
    const timer = setTimeout(
      () => {
        this.rests.delete(timer);
        partition.isResting = false;
        this.shelter(partition);
      },
      failures > 1 ? backoffDelay(failures - 1, backoff) : 0,
    );
    this.rests.add(timer);
  }

  close(): void {
    this.closed = true;
    this.impatient.abort();
    this.rests.forEach((timer) => clearTimeout(timer));
  }

  /** @returns whether the record has a partition now */
  private place(topic: TopicQueues, record: PendingRecord): boolean {
    const queue = topic.queueFor(record);
    if (!queue) return false;
    queue.add(record);
    if (queue.leader !== undefined) this.found(queue, record.size);
    else if (!queue.isResting) this.shelter(queue);
    return true;
  }

  private shelter(partition: PartitionQueue): void {
    this.homeless.add(partition);
    this.look();
  }

  private look(): void {
    this.impatient.abort();
    if (!this.isLooking && !this.closed) void this.lookUntilFound();
  }

  /** Ends in the same turn that finds nothing to look for. Never rejects. */
  private async lookUntilFound(): Promise<void> {
    this.isLooking = true;
    for (let looks = 1; !this.closed && this.sought.length > 0; looks++) {
      this.impatient = new AbortController();
      const { signal } = this.impatient;
      await this.lookOnce(this.sought).catch((error: Error) => this.cannotLook(error));
      this.expire(performance.now());
      if (this.sought.length > 0) await wait(backoffDelay(looks, backoff), signal);
    }
    this.isLooking = false;
  }

  private get sought(): string[] {
    const topics = [...this.topics.values()].filter((topic) => topic.waiting.length > 0 || isOld(topic));
    return [...new Set([...topics.map(({ name }) => name), ...[...this.homeless].map(({ topic }) => topic)])];
  }

  private async lookOnce(names: readonly string[]): Promise<void> {
    const metadata = await this.cluster.metadata(names);
    if (this.closed) return;
    for (const one of metadata) this.update(this.topics.get(one.topic)!, one);
    for (const partition of this.homeless) {
      if (partition.leader === undefined) continue;
      this.homeless.delete(partition);
      this.found(partition, 0);
    }
  }

  private update(topic: TopicQueues, metadata: TopicMetadata): void {
    const { topicErrorCode, partitionMetadata } = metadata;
    if (topicErrorCode === ErrorCode.UnknownTopicOrPartition) return this.missing(topic);
    if (topicErrorCode !== ErrorCode.None && !isRetriable(topicErrorCode))
      return this.refuse(topic, describe(topicErrorCode, `Topic "${topic.name}" cannot be published to`));
    if (partitionMetadata.length === 0) return;
    topic.update(metadata, performance.now());
    for (const record of topic.waiting.splice(0)) {
      const place = `${topic.name}-${record.record.partition}`;
      if (!this.place(topic, record))
        record.fail(new Error(`${place} does not exist: the topic has ${partitionMetadata.length} partitions`));
    }
  }

  private missing(topic: TopicQueues): void {
    topic.missingSince ??= performance.now();
    if (performance.now() - topic.missingSince < Math.min(missingTopicMs, this.deliveryTimeoutMs)) return;
    topic.forget();
    const cause = describe(ErrorCode.UnknownTopicOrPartition, topic.name);
    this.refuse(topic, new Error(`Topic "${topic.name}" does not exist`, { cause }));
  }

  private refuse(topic: TopicQueues, error: Error): void {
    topic.refuse(error);
    for (const partition of this.homeless) {
      if (partition.topic !== topic.name) continue;
      this.homeless.delete(partition);
      partition.refuseAll(error);
    }
  }

  private cannotLook(error: Error): void {
    if (this.closed) return;
    this.log.warn(`Looking up where to publish failed, trying again: ${error.message}`, {
      event: 'publish-failed',
      ...errorFields(error),
    });
    if (isSignOnFailure(error)) this.topics.forEach((topic) => topic.refuse(error)); // nor will they be let in later
  }

  private expire(now: number): void {
    for (const topic of this.topics.values())
      topic.expire(now, new Error(`The partitions of topic "${topic.name}" could not be looked up in time`));
    for (const partition of this.homeless) {
      partition.expire(now);
      if (partition.isEmpty) this.homeless.delete(partition);
    }
  }
}

function isOld({ knownAt }: TopicQueues): boolean {
  return knownAt > 0 && performance.now() - knownAt > metadataMaxAgeMs;
}

function isSignOnFailure(error: unknown): boolean {
  return error instanceof Error && (error.name === 'KafkaJSSASLAuthenticationError' || isSignOnFailure(error.cause));
}
