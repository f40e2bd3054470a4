import type { HandlerDefinition } from './handler-definition.js';

const placeholder = /\$\{([^}]*)\}/g;

/** The definitions with the placeholders in their topics filled, and what could not be. */
export interface Filled {
  definitions: HandlerDefinition[];
  faults: string[];
}

/**
 * Puts configuration in the place of `${path}` in topics.
 *
 * @param lookUp the value at a path, `undefined` where there is none
 */
export function fillPlaceholders(definitions: readonly HandlerDefinition[], lookUp: (path: string) => unknown): Filled {
  const faults: string[] = [];
  const fill = (name: string, topic: string | RegExp): string | RegExp => {
    if (typeof topic !== 'string') return topic;
    return topic.replace(placeholder, (whole, path: string) => {
      const value = path.split('.')[0] === 'kafka' ? undefined : lookUp(path);
      if (typeof value === 'string' && value !== '') return value;
      faults.push(`${name} has the topic "${topic}", and ${missing(path, value)}`);
      return whole;
    });
  };
  const filled = definitions.map((definition) => {
    const { name, topics } = definition;
    return { ...definition, topics: topics.map((topic) => fill(name, topic)) };
  });
  return { definitions: filled.filter(({ topics }) => !topics.some(hasPlaceholder)), faults };
}

function hasPlaceholder(topic: string | RegExp): boolean {
  return typeof topic === 'string' && topic.includes('${');
}

function missing(path: string, value: unknown): string {
  if (path.split('.')[0] === 'kafka') return `placeholders are not filled from below kafka; move "${path}" elsewhere`;
  const what = value === undefined ? 'nothing' : `a ${typeof value}`;
  return `the ConfigService has ${what} at "${path}"; a text was expected (is ConfigModule imported, and the file loaded?)`;
}
