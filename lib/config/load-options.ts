import { type ConfigFile, readConfigFile } from './config-file.js';
import { NOTHING } from './describe-value.js';
import { environmentName, environmentOptions, readEnvironment } from './environment.js';
import { type ConfigFault, KafkaConfigError } from './kafka-config.error.js';
import type { KafkaOptions } from './kafka-options.js';
import { isMapping, type Mapping, valueAt, withoutNothing } from './mapping.js';
import { examineOptions } from './validate-options.js';

/**
 * The options that the configuration file and the environment give together, the environment winning.
 *
 * @throws KafkaConfigError with every fault of both, each naming the variable or the file it comes from
 */
export function loadKafkaOptions(env: NodeJS.ProcessEnv = process.env, directory = process.cwd()): KafkaOptions {
  const file = readConfigFile(env, directory);
  const environment = readEnvironment(env);
  const options = merge(withoutNothing(file.options), environment.options);
  const unread = [...file.faults, ...environment.faults];
  const unfit = examineOptions(options)
    .faults.filter((fault) => !isConsequence(fault, unread))
    .map((fault) => ({ ...fault, source: sourceOf(fault.path, file, env) }));
  if (unread.length + unfit.length > 0) throw new KafkaConfigError([...unread, ...unfit]);
  return options as unknown as KafkaOptions;
}

/** Member by member. `ssl: true` only says that there is TLS, so it leaves the members of a mapping in place. */
function merge(file: Mapping, environment: Mapping): Mapping {
  const merged = { ...file };
  for (const [key, value] of Object.entries(environment)) {
    const other = file[key];
    if (isMapping(other) && isMapping(value)) merged[key] = { ...other, ...value };
    else if (!(isMapping(other) && value === true)) merged[key] = value;
  }
  return merged;
}

/** An option is not missing when its variable, or the file it may stand in, could not be read. */
function isConsequence(fault: ConfigFault, unread: ConfigFault[]): boolean {
  return fault.received === NOTHING && unread.some(({ path }) => path === '' || path === fault.path);
}

function sourceOf(path: string, file: ConfigFile, env: NodeJS.ProcessEnv): string | undefined {
  const option = path.replace(/\[\d+\]$/, '');
  const variable = Object.hasOwn(environmentOptions, option) ? environmentName(option) : undefined;
  if (variable && env[variable]) return variable;
  if (valueAt(file.options, option) !== undefined) return file.name;
  return variable && `${variable} or ${file.name}`;
}
