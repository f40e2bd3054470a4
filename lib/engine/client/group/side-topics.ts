import type { EngineLogger } from '../../logger.js';
import { wait } from '../../wait.js';
import type { GroupSettings } from '../client-settings.js';
import type { Cluster, TopicConfig, TopicMetadata } from '../connection/cluster.js';
import { describe, ErrorCode } from '../connection/protocol-errors.js';
import { RepeatedLog } from '../repeated-log.js';

/** What a cluster has to make topics. */
const creationTimeoutMs = 5_000;

/** How long, and how often, a cluster is asked whether a topic that it has made is there. */
const untilThereMs = 2_000;
const lookEveryMs = 100;

/** What brokers keep for unless they are told otherwise. */
const weekMs = 604_800_000;

/** More than all headers of recovery take. */
const headersBytes = 65_536;
const largestInt32 = 2 ** 31 - 1;

/** What is asked of the topics beside which others are made. */
const asked = ['max.message.bytes', 'min.insync.replicas', 'cleanup.policy', 'retention.ms'];

interface Wanted {
  readonly topic: string;
  readonly subscribed: boolean;

  /** How long what is written to it waits there. */
  readonly delayMs: number | undefined;
  readonly source: TopicMetadata;
}

interface CreateTopicsResponse {
  topicErrors: { topic: string; errorCode: number; errorMessage?: string | null }[];
}

/** The retry and dead-letter topics beside those that are subscribed to; made where they are missing. */
export class SideTopics {
  private readonly known = new Set<string>();
  private readonly repeated: RepeatedLog;

  constructor(
    private readonly cluster: Cluster,
    private readonly settings: Pick<GroupSettings, 'sideTopics' | 'createTopics'>,
    private readonly logger: EngineLogger,
  ) {
    this.repeated = new RepeatedLog(logger);
  }

  /** Whether a topic is one of those that this group writes for itself. */
  includes(topic: string): boolean {
    return this.known.has(topic);
  }

  /** Metadata of those to be read beside these topics, and of those of the topics themselves that had to be made. */
  async beside(sources: readonly TopicMetadata[]): Promise<TopicMetadata[]> {
    const wanted = this.wantedBy(sources);
    if (wanted.length === 0) return [];
    const names = wanted.map(({ topic }) => topic);
    let found = await this.cluster.metadata(names);
    const missing = new Set(found.filter(isMissing).map(({ topic }) => topic));
    if (missing.size > 0) {
      await this.supply(wanted.filter(({ topic }) => missing.has(topic)));
      found = await this.cluster.metadata(names);
    }
    const toRead = new Set([...wanted.filter(({ subscribed }) => subscribed), ...sources].map(({ topic }) => topic));
    return found.filter(({ topic }) => toRead.has(topic));
  }

  private wantedBy(sources: readonly TopicMetadata[]): Wanted[] {
    const existing = new Set(sources.filter((source) => !isMissing(source)).map(({ topic }) => topic));
    const wanted = new Map<string, Wanted>();
    for (const source of sources.filter(({ partitionMetadata }) => partitionMetadata.length > 0)) {
      for (const { name, subscribed, delayMs } of this.settings.sideTopics(source.topic)) {
        if (subscribed) this.known.add(name);
        if (!existing.has(name)) wanted.set(name, { topic: name, subscribed, delayMs, source });
      }
    }
    return [...wanted.values()];
  }

  private async supply(missing: readonly Wanted[]): Promise<void> {
    if (this.settings.createTopics) return this.create(missing);
    for (const { topic, source } of missing) {
      this.repeated.warn(
        `Topic "${topic}" does not exist: what fails of "${source.topic}" is held until somebody makes it, for createTopics is false`,
        { event: 'topic-missing', topic },
      );
    }
  }

  private async create(missing: readonly Wanted[]): Promise<void> {
    try {
      const configs = await this.configsOf(missing.map(({ source }) => source.topic));
      const topics = missing.map((wanted) => topicToCreate(wanted, configs.get(wanted.source.topic) ?? {}));
      const { topicErrors } = await this.cluster.requestController<CreateTopicsResponse>('CreateTopics', {
        topics,
        validateOnly: false,
        timeout: creationTimeoutMs,
      });
      for (const result of topicErrors) this.report(result);
      await this.untilThere(
        topicErrors.filter(({ errorCode }) => errorCode === ErrorCode.None).map(({ topic }) => topic),
      );
    } catch (error) {
      this.repeated.warn(
        `Creating ${missing.map(({ topic }) => topic).join(', ')} failed, trying again: ${(error as Error).message}`,
      );
    }
  }

  /** What cannot be told is left to the brokers' default. */
  private async configsOf(topics: readonly string[]): Promise<ReadonlyMap<string, TopicConfig>> {
    try {
      return await this.cluster.topicConfigs([...new Set(topics)], asked);
    } catch {
      return new Map();
    }
  }

  private report({ topic, errorCode, errorMessage }: CreateTopicsResponse['topicErrors'][0]): void {
    if (errorCode === ErrorCode.None) this.logger.log(`Created topic "${topic}"`, { event: 'topic-created', topic });
    else if (errorCode !== ErrorCode.TopicAlreadyExists) {
      const { message } = describe(errorCode, `Topic "${topic}" does not exist and cannot be created`);
      const reason = errorMessage ? `${message}: ${errorMessage}` : message;
      this.repeated.warn(
        `${reason}; what would go there is held. Create it, or give this client the permission Create on it`,
        { event: 'topic-missing', topic, error: reason },
      );
    }
  }

  private async untilThere(topics: readonly string[]): Promise<void> {
    const deadline = Date.now() + untilThereMs;
    while (topics.length > 0 && Date.now() < deadline) {
      const found = await this.cluster.metadata(topics);
      if (found.every((topic) => topic.partitionMetadata.length > 0 && hasLeaders(topic))) return;
      await wait(lookEveryMs, new AbortController().signal);
    }
  }
}

function isMissing({ topicErrorCode }: TopicMetadata): boolean {
  return topicErrorCode === ErrorCode.UnknownTopicOrPartition;
}

function hasLeaders({ partitionMetadata }: TopicMetadata): boolean {
  return partitionMetadata.every(({ leader }) => leader >= 0);
}

/**
 * As the source is cut and replicated, with room for what recovery writes beside a message of the largest size, and kept as
 * long, or a week. A retry topic has the broker's clock in its timestamps: what is due is told by it.
 */
function topicToCreate({ topic, subscribed, delayMs = 0, source }: Wanted, config: TopicConfig) {
  const largest = config['max.message.bytes'];
  const minInSync = config['min.insync.replicas'];
  const entries = {
    'cleanup.policy': 'delete',
    ...(largest && { 'max.message.bytes': String(Math.min(Number(largest) + headersBytes, largestInt32)) }),
    ...(minInSync && { 'min.insync.replicas': minInSync }),
    ...retention(config, delayMs),
    ...(subscribed && { 'message.timestamp.type': 'LogAppendTime' }),
  };
  return {
    topic,
    numPartitions: source.partitionMetadata.length,
    replicationFactor: source.partitionMetadata[0]!.replicas.length,
    configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
  };
}

/** A record of a compacted topic stays for good, so its copies do, too. */
function retention(config: TopicConfig, delayMs: number): TopicConfig {
  const ms = Number(config['retention.ms']);
  if (config['cleanup.policy']?.includes('delete') === false || ms < 0) return { 'retention.ms': '-1' };
  return ms >= 0 ? { 'retention.ms': String(Math.max(ms, weekMs) + delayMs) } : {};
}
