import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadAll, YAMLException } from 'js-yaml';
import { describeValue } from './describe-value.js';
import type { ConfigFault } from './kafka-config.error.js';
import { isMapping, type Mapping } from './mapping.js';

/** What the file gives; `name` is how messages call it. */
export interface ConfigFile {
  name: string;
  options: Mapping;
  faults: ConfigFault[];
}

type Content = Omit<ConfigFile, 'name'>;

/**
 * The options below `kafka:` in the file that `KAFKA_CONFIG_FILE` names, or in `config.yaml` of the working directory
 * if there is one. Keys may be snake_case or camelCase. A file without `kafka:` gives no options.
 */
export function readConfigFile(env: NodeJS.ProcessEnv, directory: string): ConfigFile {
  const named = env.KAFKA_CONFIG_FILE;
  const name = named || 'config.yaml';
  const path = resolve(directory, name);
  if (!named && !existsSync(path)) return { name, options: {}, faults: [] };
  try {
    return { name, ...parse(readFileSync(path, 'utf8'), name) };
  } catch (error) {
    return { name, ...unreadable(named ? 'KAFKA_CONFIG_FILE' : name, path, error) };
  }
}

function parse(text: string, name: string): Content {
  try {
    return sectionOf(loadAll(text), name);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return unusable(name, 'YAML', whereItBreaks(error), 'Correct it there; text with special characters takes quotes.');
  }
}

function sectionOf(documents: unknown[], name: string): Content {
  const [content] = documents;
  const change = 'Write the options below a line "kafka:".';
  if (documents.length === 0) return unusable(name, 'a mapping', 'an empty file', change);
  if (documents.length > 1) return unusable(name, 'a single YAML document', `${documents.length}`, 'Keep one of them.');
  if (!isMapping(content)) return unusable(name, 'a mapping', describeValue('', content), change);
  const section = content.kafka ?? {};
  if (!isMapping(section)) return unusable(name, 'a mapping below "kafka:"', describeValue('', section), change);
  return inCamelCase(section, name);
}

function inCamelCase(section: Mapping, name: string, parent = ''): Content {
  const options: Mapping = {};
  const faults: ConfigFault[] = [];
  for (const [key, value] of Object.entries(section)) {
    const option = camelCase(key);
    const below = isMapping(value) ? inCamelCase(value, name, `${parent}${option}.`) : { options: value, faults: [] };
    if (Object.hasOwn(options, option)) faults.push(givenTwice(`${parent}${option}`, name));
    options[option] = below.options;
    faults.push(...below.faults);
  }
  return { options, faults };
}

function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function givenTwice(path: string, source: string): ConfigFault {
  const received = 'both its snake_case and its camelCase spelling';
  return { path, source, received, expected: 'one spelling', change: 'Remove one of the two.' };
}

/** The snippet in the exception's message, and names it quotes, may hold a secret that was not put in quotes. */
function whereItBreaks({ reason, mark }: YAMLException): string {
  const place = mark ? ` at line ${mark.line + 1}, column ${mark.column + 1}` : '';
  return `a syntax error${place} (${reason.replace(/\s*("|!<|: ).*$/s, '')})`;
}

function unreadable(source: string, path: string, error: unknown): Content {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  const received = code === 'ENOENT' ? `"${path}", which does not exist` : `"${path}", which cannot be read (${code})`;
  return unusable(source, 'the path of a readable file', received, 'Correct the path or the rights of the file.');
}

function unusable(source: string, expected: string, received: string, change: string): Content {
  return { options: {}, faults: [{ path: '', source, received, expected, change }] };
}
