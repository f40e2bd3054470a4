import type { EngineLogger } from '../../logger.js';
import { wait } from '../../wait.js';
import { sameTopics, type SubscribedTopics, type TopicSubscription } from './topic-subscription.js';

const topicsIntervalMs = 60_000;

/** How often to look for topics that are not there. */
export const missingTopicsIntervalMs = 2_000;

/** Looks at the topics of a subscription now and then: for the first of them before a join, for changes after it. */
export class TopicWatch {
  constructor(
    private readonly subscription: TopicSubscription,
    private readonly isMember: () => boolean,
    private readonly logger: EngineLogger,
  ) {}

  /**
   * Waits until there are any.
   *
   * @param none called whenever there are none
   * @returns none when aborted
   * @throws when no broker answers a client that is no member yet
   */
  async untilExist(none: () => Promise<void>, signal: AbortSignal): Promise<SubscribedTopics> {
    while (!signal.aborted) {
      const topics = await this.resolve();
      if (topics && topics.size > 0) return topics;
      if (topics) await none();
      await wait(missingTopicsIntervalMs, signal);
    }
    return new Map();
  }

  /**
   * Waits until there are others, or other partitions of them.
   *
   * @param divided by what the partitions of all members' topics were divided, partitions by topic: what a broker told that
   *   was behind would stay so
   * @returns false when aborted before
   */
  async untilChanged(topics: SubscribedTopics, divided: SubscribedTopics, signal: AbortSignal): Promise<boolean> {
    const unseen = [...divided].filter(([, partitions]) => partitions === 0).map(([topic]) => topic);
    const isUrgent = unseen.length > 0 || !isIn(topics, divided);
    while (!signal.aborted) {
      await wait(isUrgent || this.subscription.incomplete ? missingTopicsIntervalMs : topicsIntervalMs, signal);
      if (signal.aborted) break;
      const now = await this.resolve().catch(() => undefined); // outside of the group the next join looks itself
      const changed = now && !(sameTopics(topics, now) && isIn(now, divided));
      if (changed || (await this.subscription.someExist(unseen).catch(() => false))) return !signal.aborted;
    }
    return false;
  }

  /** A member keeps its place while no broker answers; one that has none yet does not start. */
  private async resolve(): Promise<SubscribedTopics | undefined> {
    try {
      return await this.subscription.resolve();
    } catch (error) {
      if (!this.isMember()) throw error;
      this.logger.warn(`Looking up topics failed, trying again: ${(error as Error).message}`);
      return undefined;
    }
  }
}

/** Whether the partitions of all these topics were divided. */
function isIn(topics: SubscribedTopics, divided: SubscribedTopics): boolean {
  return [...topics].every(([topic, partitions]) => divided.get(topic) === partitions);
}
