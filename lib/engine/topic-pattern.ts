/** A topic's name, or a pattern for names. */
export type TopicPattern = string | RegExp;

/**
 * Whether a subscription takes a topic. A RegExp never takes internal topics nor those that recovery publishes to:
 * `/^orders/` would otherwise consume its own dead letters.
 */
export function takesTopic(pattern: TopicPattern, topic: string): boolean {
  if (typeof pattern === 'string') return pattern === topic;
  return !isReserved(topic) && stateless(pattern).test(topic);
}

function isReserved(topic: string): boolean {
  return topic.startsWith('__') || topic.endsWith('.dlq') || topic.includes('.retry.');
}

/** A RegExp with `g` or `y` remembers where its last match ended, and would miss every second topic. */
function stateless(pattern: RegExp): RegExp {
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
}
