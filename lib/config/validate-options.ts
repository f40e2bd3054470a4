import { validateSync, type ValidationError } from 'class-validator';
import { describeValue } from './describe-value.js';
import { codeOptions, environmentOptions } from './environment.js';
import { type ConfigFault, KafkaConfigError } from './kafka-config.error.js';
import { withDefaults } from './kafka-defaults.js';
import type { KafkaOptions } from './kafka-options.js';
import { KafkaOptionsSchema } from './kafka-options.schema.js';
import type { KafkaSettings } from './kafka-settings.js';
import { isMapping, type Mapping, withoutNothing } from './mapping.js';
import { nearestOption } from './nearest-option.js';
import { itemFaults, pairFaults } from './option-rules.js';
import { readTls } from './tls.js';

/**
 * The settings that options amount to: checked, completed with their defaults, certificates and keys read from their
 * files. Settings may be given again.
 *
 * @throws KafkaConfigError with every fault
 */
export function validateOptions(input: unknown): KafkaSettings {
  const { settings, faults } = examineOptions(input);
  if (faults.length > 0) throw new KafkaConfigError(faults);
  return settings;
}

/** As `validateOptions`, but hands the faults over. With faults, the settings are of no use. */
export function examineOptions(input: unknown): { settings: KafkaSettings; faults: ConfigFault[] } {
  const options = isMapping(input) ? withoutNothing(input) : {};
  const completed = withDefaults(options as unknown as KafkaOptions);
  const tls = readTls(completed.ssl);
  const faults = isMapping(input) ? [...optionFaults(options, completed), ...tls.faults] : [noOptions(input)];
  return { settings: { ...completed, ssl: tls.ssl } as KafkaSettings, faults };
}

function optionFaults(options: Mapping, completed: KafkaSettings): ConfigFault[] {
  return [...schemaFaults(options), ...itemFaults(options), ...pairFaults(options, { ...completed })];
}

function noOptions(input: unknown): ConfigFault {
  const change =
    'Return the options from useFactory, or call forRoot() without an argument to read file and environment.';
  return { path: '', received: describeValue('', input), expected: 'an object', change };
}

function schemaFaults(options: Mapping): ConfigFault[] {
  const errors = validateSync(KafkaOptionsSchema.from(options), { whitelist: true, forbidNonWhitelisted: true });
  return errors.flatMap((error) => faultsOf(error, ''));
}

/** No validation error leaves this file: its `target` and `value` hold the secrets. */
function faultsOf(error: ValidationError, parent: string): ConfigFault[] {
  const path = `${parent}${error.property}`;
  const rule = error.contexts?.rule as Pick<ConfigFault, 'expected' | 'change'> | undefined;
  if (rule) return [{ path, received: describeValue(path, error.value), ...rule }];
  if (error.constraints) return [unknownOption(path)];
  return (error.children ?? []).flatMap((child) => faultsOf(child, `${path}.`));
}

function unknownOption(path: string): ConfigFault {
  return { path, received: 'an unknown one', expected: 'an option', change: adviceOn(path) };
}

function adviceOn(path: string): string {
  if (Object.hasOwn(environmentOptions, path) || (codeOptions as readonly string[]).includes(path))
    return 'Remove it: sasl.mechanism does not take it.';
  const nearest = nearestOption(path);
  return nearest ? `Did you mean ${nearest}?` : 'Remove it.';
}
