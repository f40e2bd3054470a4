/**
 * What is wrong with a topic's name, as words that follow the name; `undefined` for a legal one.
 * The rule is Kafka's (`org.apache.kafka.common.internals.Topic`).
 */
export function topicNameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name === '.' || name === '..') return 'must not be "." or ".."';
  if (name.length > 249) return `has ${name.length} characters, 249 are allowed`;
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) return 'may only have letters, digits, ".", "_" and "-"';
  return undefined;
}
