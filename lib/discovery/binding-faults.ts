import { batchOptionFaults, handlerOptionFaults } from './handler-option-faults.js';
import { deadLetterTopic, retryTopic } from '../engine/recovery/recovery-topics.js';
import { topicNameFault } from '../engine/topic-name.js';
import type { HandlerDefinition } from './handler-definition.js';

/** What is wrong with handlers, each fault in words that name class and method. */
export function bindingFaults(definitions: readonly HandlerDefinition[], group = ''): string[] {
  return [
    ...definitions.flatMap(definitionFaults),
    ...definitions.flatMap(optionFaults),
    ...definitions.flatMap(parameterFaults),
    ...definitions.flatMap((definition) => recoveryTopicFaults(definition, group)),
    ...duplicateFaults(definitions),
    ...sharedBatchFaults(definitions),
    ...namesakeFaults(definitions),
  ];
}

function definitionFaults({ name, handle, topics }: HandlerDefinition): string[] {
  const uncallable = handle
    ? []
    : [`${name} is no function; a class decorated with @MessageHandler needs a method handle(message, context)`];
  const topicless = topics.length === 0 ? [`${name} has an empty list of topics`] : [];
  return [...uncallable, ...topicless, ...topics.flatMap((topic) => topicFaults(name, topic))];
}

function optionFaults({ name, options, batch }: HandlerDefinition): string[] {
  const faults = [...handlerOptionFaults(options), ...(batch ? batchOptionFaults(options, batch) : [])];
  return faults.map((fault) => `${name} has ${fault}`);
}

function parameterFaults({ name, undecorated }: HandlerDefinition): string[] {
  if (undecorated.length === 0) return [];
  const which = undecorated.map((index) => index + 1).join(', ');
  return [
    `${name} has parameters with a decorator and some without (number ${which}), which would be undefined; decorate all of them, ` +
      `with @ConsumedMessage() and @MessageContext() for message and context, or none`,
  ];
}

function topicFaults(name: string, topic: unknown): string[] {
  if (topic instanceof RegExp) return [];
  if (typeof topic !== 'string')
    return [`${name} has a topic that is a ${typeof topic}; a string or a RegExp was expected`];
  const fault = topicNameFault(topic);
  return fault ? [`${name} has the topic "${topic}", which ${fault}`] : [];
}

/** Of topics that are known by now; those that a RegExp finds do without what cannot be named. */
function recoveryTopicFaults({ name, topics, options }: HandlerDefinition, group: string): string[] {
  const { retryTopics = [], deadLetter } = options;
  return topics.filter(isLegalTopic).flatMap((topic) => {
    const delays = Array.isArray(retryTopics) ? (retryTopics as string[]) : [];
    const needed = delays.map((delay) => retryTopic(topic, group, delay));
    if (deadLetter === true) needed.push(deadLetterTopic(topic));
    return needed.flatMap((own) => {
      const fault = topicNameFault(own);
      return fault
        ? [`${name} needs the topic "${own}", which ${fault}; shorten the name of the topic or the group`]
        : [];
    });
  });
}

function isLegalTopic(topic: unknown): topic is string {
  return typeof topic === 'string' && topicNameFault(topic) === undefined;
}

/** A record in a retry topic names its handler, and so does what an idempotent one has remembered. */
function namesakeFaults(definitions: readonly HandlerDefinition[]): string[] {
  const owners = new Map<string, unknown>();
  const shared = new Set<string>();
  for (const { name, owner } of definitions) {
    if (owners.has(name) && owners.get(name) !== owner) shared.add(name);
    owners.set(name, owner);
  }
  return [...shared].flatMap((name) => {
    const options = definitions
      .filter((definition) => definition.name === name)
      .map((definition) => definition.options);
    const why = [
      ...(options.some(({ retryTopics = [] }) => retryTopics.length > 0) ? ['has retryTopics'] : []),
      ...(options.some(({ idempotent }) => idempotent) ? ['is idempotent'] : []),
    ];
    return why.map((reason) => `${name} ${reason}, and another class has the same name; rename one of the two`);
  });
}

/** Of topics that are named; those that a RegExp finds go without batches then, and the log says so. */
function sharedBatchFaults(definitions: readonly HandlerDefinition[]): string[] {
  return definitions
    .filter(({ batch }) => batch)
    .flatMap((one) => {
      const others = definitions.filter(
        (other) => other !== one && other.topics.some((topic) => one.topics.includes(topic)),
      );
      return others.map(
        ({ name }) =>
          `${one.name} takes batches, and ${name} takes the same topic; give one of them a group of its own`,
      );
    });
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
