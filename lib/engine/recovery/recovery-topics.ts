import type { Message } from '../../messaging/message.js';
import type { DeadLetterPolicy, HandlerBinding } from '../handler-binding.js';
import { isPromise } from '../at-once.js';
import { topicNameFault } from '../topic-name.js';

const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a delay such as `10s`; `undefined` for a text that is none. */
export function delayMs(delay: string): number | undefined {
  const [, number, unit] = /^([1-9]\d*)(ms|s|m|h|d)$/.exec(delay) ?? [];
  return number === undefined ? undefined : Number(number) * unitsMs[unit as keyof typeof unitsMs];
}

/** Where records of a topic wait that failed in a group: `orders.retry.billing.10s`. */
export function retryTopic(topic: string, group: string, delay: string): string {
  return `${topic}${infix(group)}${delay}`;
}

/** What a topic is the retry topic of, if it is one of the group's. */
export function parseRetryTopic(name: string, group: string): { topic: string; delay: string } | undefined {
  const at = name.lastIndexOf(infix(group));
  const delay = name.slice(at + infix(group).length);
  return at > 0 && delayMs(delay) !== undefined ? { topic: name.slice(0, at), delay } : undefined;
}

/** Where records of a topic end up that are given up on. */
export function deadLetterTopic(topic: string): string {
  return `${topic}.dlq`;
}

/** Where a handler's policy sends a message; the default where the user's function has no usable answer. */
export function deadLetterTopicFor(policy: DeadLetterPolicy, message: Message, error: unknown): string {
  const { topic } = policy;
  if (typeof topic !== 'function') return topic ?? deadLetterTopic(message.topic);
  try {
    const chosen: unknown = topic(message, error);
    if (!isPromise(chosen) && typeof chosen === 'string' && topicNameFault(chosen) === undefined) return chosen;
  } catch {
    // as if it had not been given
  }
  return deadLetterTopic(message.topic);
}

/** A topic that recovery writes to, for one of those that are subscribed to. */
export interface SideTopic {
  readonly name: string;

  /** Whether this group reads it. */
  readonly subscribed: boolean;

  /** Milliseconds that a record waits in it. */
  readonly delayMs?: number | undefined;
}

/** The topics that recovery needs for one that these handlers take. What it cannot name, for its length, is left out. */
export function sideTopicsOf(
  topic: string,
  handlers: readonly Pick<HandlerBinding, 'retryTopics' | 'deadLetter'>[],
  group: string,
): SideTopic[] {
  const found = new Map<string, SideTopic>();
  for (const { retryTopics, deadLetter } of handlers) {
    for (const delay of retryTopics) {
      const name = retryTopic(topic, group, delay);
      found.set(name, { name, subscribed: true, delayMs: delayMs(delay) });
    }
    if (!deadLetter) continue;
    const own = typeof deadLetter.topic === 'string' ? deadLetter.topic : deadLetterTopic(topic);
    if (!found.has(own)) found.set(own, { name: own, subscribed: false });
  }
  return [...found.values()].filter(({ name }) => topicNameFault(name) === undefined);
}

/** Groups may have any name, topics may not. */
function infix(group: string): string {
  return `.retry.${group.replace(/[^a-zA-Z0-9._-]/g, '_')}.`;
}
