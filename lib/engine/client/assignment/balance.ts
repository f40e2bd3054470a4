import type { Holder } from './holder.js';

/** The members that may have partitions of each topic. */
export type Subscribers = ReadonlyMap<string, readonly Holder[]>;

/** One partition of the topic goes from one member to another. */
interface Step {
  topic: string;
  from: Holder;
  to: Holder;
}

/**
 * Moves partitions from members with many to members with few, until no move helps: each chain of members along which
 * partitions can shift ends at one that has at most one less than the first. Then no other division of the movable
 * partitions is more even, whatever the members subscribe to.
 *
 * The fullest goes first. One that found no chain finds none later either: what it reaches has nearly as much as it has,
 * and chains of the less full ones that follow do not lead there.
 */
export function balance(holders: Iterable<Holder>, subscribers: Subscribers): void {
  const open = new Set(holders);
  while (open.size > 0) {
    const fullest = [...open].reduce((most, holder) => (holder.load > most.load ? holder : most));
    const chain = shortestChain(fullest, subscribers);
    if (chain) chain.forEach(({ topic, from, to }) => to.take(from.give(topic)));
    else open.delete(fullest);
  }
}

export function leastLoaded(holders: readonly Holder[]): Holder {
  return holders.reduce((least, holder) => (holder.load < least.load ? holder : least));
}

/** The steps to the nearest member with two partitions less, the emptiest of those as near. */
function shortestChain(source: Holder, subscribers: Subscribers): Step[] | undefined {
  const stepTo = new Map<Holder, Step>();
  const topicsSeen = new Set<string>();
  for (let level = [source]; level.length > 0;) {
    level = level.flatMap((from) => stepsFrom(from)).map(({ to }) => to);
    const emptiest = level.length > 0 ? leastLoaded(level) : source;
    if (source.load - emptiest.load >= 2) return stepsUpTo(emptiest);
  }
  return undefined;

  /** Steps to members not reached before. Whoever may have a topic is reached the first time someone can give it. */
  function stepsFrom(from: Holder): Step[] {
    const topics = from.movableTopics.filter((topic) => !topicsSeen.has(topic));
    return topics.flatMap((topic) => {
      topicsSeen.add(topic);
      const reached = subscribers.get(topic)!.filter((to) => to !== source && !stepTo.has(to));
      const steps = reached.map((to) => ({ topic, from, to }));
      steps.forEach((step) => stepTo.set(step.to, step));
      return steps;
    });
  }

  function stepsUpTo(target: Holder): Step[] {
    const steps: Step[] = [];
    for (let step = stepTo.get(target); step; step = stepTo.get(step.from)) steps.unshift(step);
    return steps;
  }
}
