import type { EngineLogger } from '../../logger.js';
import { takesTopic, type TopicPattern } from '../../topic-pattern.js';
import type { Cluster, TopicMetadata } from '../connection/cluster.js';
import { describe, ErrorCode } from '../connection/protocol-errors.js';
import type { SideTopics } from './side-topics.js';

/** What a subscription stands for right now: existing topics with their number of partitions. */
export type SubscribedTopics = ReadonlyMap<string, number>;

/** Finds the topics of a subscription. Those that are missing or forbidden are named once and disturb no other. */
export class TopicSubscription {
  private readonly reported = new Set<string>();
  private readonly late = new Set<string>();
  private known: SubscribedTopics | undefined;

  /** Look-ups are numbered in the order in which they began. */
  private lastBegun = 0;
  private lastTaken = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly patterns: readonly TopicPattern[],
    private readonly sideTopics: Pick<SideTopics, 'beside' | 'includes'>,
    private readonly logger: EngineLogger,
  ) {}

  /** Whether topics are missing, so that looking again soon is worth while. */
  get incomplete(): boolean {
    return this.reported.size > 0;
  }

  /** Of look-ups that overlap the one that began last counts: the answer of an earlier one may be from before it. */
  async resolve(): Promise<SubscribedTopics> {
    const number = ++this.lastBegun;
    const names = this.patterns.filter((pattern) => typeof pattern === 'string');
    const sources = [...(await this.cluster.metadata(names)), ...(await this.matching())];
    const all = [...sources, ...(await this.sideTopics.beside(sources))];
    const found = [...new Map(all.map((topic) => [topic.topic, topic])).values()];
    if (this.known && number < this.lastTaken) return this.known;
    this.lastTaken = number;
    this.forgetAllBut(found);
    const usable = found.filter((topic) => this.isUsable(topic));
    const topics = new Map(usable.map(({ topic, partitionMetadata }) => [topic, partitionMetadata.length]));
    for (const topic of topics.keys()) if (this.known && !this.known.has(topic)) this.late.add(topic);
    this.known = topics;
    return topics;
  }

  /** Whether some of these topics, subscribed or not, exist. */
  async someExist(topics: readonly string[]): Promise<boolean> {
    const found = await this.cluster.metadata(topics);
    return found.some(({ partitionMetadata }) => partitionMetadata.length > 0);
  }

  /** Whether all records of a topic concern this group: it came to be while this consumer was there, or is the group's own. */
  isLate(topic: string): boolean {
    return this.late.has(topic) || this.sideTopics.includes(topic);
  }

  /** A topic that was read is not there any more; if it is again, it is another one. */
  vanished(topic: string): void {
    this.late.add(topic);
  }

  private async matching(): Promise<TopicMetadata[]> {
    const expressions = this.patterns.filter((pattern) => pattern instanceof RegExp);
    if (expressions.length === 0) return [];
    const all = await this.cluster.metadata('all');
    return all.filter(
      ({ topic, isInternal }) => !isInternal && expressions.some((expression) => takesTopic(expression, topic)),
    );
  }

  /** What a RegExp has found before may be gone for good; nobody waits for it. */
  private forgetAllBut(found: readonly TopicMetadata[]): void {
    const names = new Set(found.map(({ topic }) => topic));
    for (const topic of this.reported) if (!names.has(topic)) this.reported.delete(topic);
  }

  private isUsable({ topic, topicErrorCode, partitionMetadata }: TopicMetadata): boolean {
    if (topicErrorCode === ErrorCode.None && partitionMetadata.length > 0) {
      if (this.reported.delete(topic))
        this.logger.log(`Topic "${topic}" is there now`, { event: 'topic-found', topic });
      return true;
    }
    if (!this.reported.has(topic)) this.logger.warn(explain(topic, topicErrorCode), { event: 'topic-missing', topic });
    this.reported.add(topic);
    return false;
  }
}

function explain(topic: string, code: number): string {
  if (code === ErrorCode.UnknownTopicOrPartition)
    return `Topic "${topic}" does not exist; waiting for it to be created`;
  if (code === ErrorCode.TopicAuthorizationFailed) {
    return `Topic "${topic}" may not be read: this client needs the permissions Describe and Read on it; trying again`;
  }
  return `${describe(code, `Topic "${topic}" cannot be read`).message}; trying again`;
}

/** Whether two resolutions have the same topics with the same numbers of partitions. */
export function sameTopics(a: SubscribedTopics, b: SubscribedTopics): boolean {
  return a.size === b.size && [...a].every(([topic, partitions]) => b.get(topic) === partitions);
}
