import { handlerOptionFaults } from './handler-option-faults.js';
import { topicNameFault } from '../engine/topic-name.js';
import type { HandlerDefinition } from './handler-definition.js';

/** What is wrong with handlers, each fault in words that name class and method. */
export function bindingFaults(definitions: readonly HandlerDefinition[]): string[] {
  return [
    ...definitions.flatMap(definitionFaults),
    ...definitions.flatMap(optionFaults),
    ...duplicateFaults(definitions),
  ];
}

function definitionFaults({ name, handle, topics }: HandlerDefinition): string[] {
  const uncallable = handle
    ? []
    : [`${name} is no function; a class decorated with @MessageHandler needs a method handle(message, context)`];
  const topicless = topics.length === 0 ? [`${name} has an empty list of topics`] : [];
  return [...uncallable, ...topicless, ...topics.flatMap((topic) => topicFaults(name, topic))];
}

function optionFaults({ name, options }: HandlerDefinition): string[] {
  return handlerOptionFaults(options).map((fault) => `${name} has ${fault}`);
}

function topicFaults(name: string, topic: unknown): string[] {
  if (topic instanceof RegExp) return [];
  if (typeof topic !== 'string')
    return [`${name} has a topic that is a ${typeof topic}; a string or a RegExp was expected`];
  const fault = topicNameFault(topic);
  return fault ? [`${name} has the topic "${topic}", which ${fault}`] : [];
}

/** Of the same method: another class may have the same name. */
function duplicateFaults(definitions: readonly HandlerDefinition[]): string[] {
  const owners = new Map<string, unknown[]>();
  const twice = new Set<string>();
  for (const { owner, name, topics } of definitions) {
    for (const topic of topics) {
      const binding = `${name} to ${String(topic)}`;
      const known = owners.get(binding) ?? [];
      if (known.includes(owner)) twice.add(binding);
      owners.set(binding, [...known, owner]);
    }
  }
  return [...twice].map(
    (binding) =>
      `${binding} is bound twice; remove one @MessageHandler, or the second module that has the class among its providers`,
  );
}
