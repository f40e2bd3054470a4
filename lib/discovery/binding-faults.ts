import { topicNameFault } from '../engine/topic-name.js';
import type { HandlerDefinition } from './handler-definition.js';

/** What is wrong with handlers, each fault in words that name class and method. */
export function bindingFaults(definitions: readonly HandlerDefinition[]): string[] {
  return [...definitions.flatMap(definitionFaults), ...duplicateFaults(definitions)];
}

function definitionFaults({ name, handle, topics }: HandlerDefinition): string[] {
  const uncallable = handle
    ? []
    : [`${name} is no function; a class decorated with @MessageHandler needs a method handle(message, context)`];
  const topicless = topics.length === 0 ? [`${name} has an empty list of topics`] : [];
  return [...uncallable, ...topicless, ...topics.flatMap((topic) => topicFaults(name, topic))];
}

function topicFaults(name: string, topic: unknown): string[] {
  if (topic instanceof RegExp) return [];
  if (typeof topic !== 'string')
    return [`${name} has a topic that is a ${typeof topic}; a string or a RegExp was expected`];
  const fault = topicNameFault(topic);
  return fault ? [`${name} has the topic "${topic}", which ${fault}`] : [];
}

function duplicateFaults(definitions: readonly HandlerDefinition[]): string[] {
  const seen = new Set<string>();
  const bindings = definitions.flatMap(({ name, topics }) => topics.map((topic) => `${name} to ${String(topic)}`));
  const twice = bindings.filter((binding) => seen.size === seen.add(binding).size);
  return [...new Set(twice)].map(
    (binding) =>
      `${binding} is bound twice; remove one @MessageHandler, or the second module that has the class among its providers`,
  );
}
