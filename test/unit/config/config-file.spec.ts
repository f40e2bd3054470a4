import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { readConfigFile } from '../../../lib/config/config-file.js';
import { loadKafkaOptions } from '../../../lib/config/load-options.js';
import { errorOf, faultLinesOf, Workspace } from './support.js';

let workspace: Workspace;

beforeEach(() => {
  workspace = new Workspace();
});

afterEach(() => workspace.remove());

function optionsOf(yaml: string) {
  workspace.write('config.yaml', yaml);
  return readConfigFile({}, workspace.path).options;
}

function faultsOf(yaml: string): string[] {
  workspace.write('config.yaml', yaml);
  return faultLinesOf(() => loadKafkaOptions({}, workspace.path));
}

describe('what is read', () => {
  it('takes snake_case and camelCase keys, at every level', () => {
    const yaml = 'kafka:\n  auto_commit: false\n  clientId: me\n  retry:\n    max_attempts: 3\n    maxDelayMs: 9\n';
    expect(optionsOf(yaml)).toEqual({ autoCommit: false, clientId: 'me', retry: { maxAttempts: 3, maxDelayMs: 9 } });
  });

  it('leaves alone what stands beside kafka', () => {
    expect(optionsOf('http:\n  port: 80\nkafka:\n  group: g\n')).toEqual({ group: 'g' });
  });

  it.each([
    ['no kafka key', 'http: {}\n'],
    ['kafka with nothing below', 'kafka:\n'],
  ])('gives no options for %s', (_, yaml) => {
    expect(optionsOf(yaml)).toEqual({});
  });

  it('gives no options without a file', () => {
    expect(readConfigFile({}, workspace.path)).toEqual({ name: 'config.yaml', options: {}, faults: [] });
  });

  it('drops options with nothing behind them', () => {
    workspace.write('config.yaml', 'kafka:\n  brokers: ["a:1"]\n  group:\n  retry:\n  fetch:\n    max_bytes:\n');
    expect(loadKafkaOptions({}, workspace.path)).toEqual({ brokers: ['a:1'], fetch: {} });
  });

  it('prefers the file that KAFKA_CONFIG_FILE names, relative to the working directory', () => {
    workspace.write('config.yaml', 'kafka: { group: default }');
    workspace.write('other.yml', 'kafka: { group: named }');
    expect(readConfigFile({ KAFKA_CONFIG_FILE: 'other.yml' }, workspace.path).options).toEqual({ group: 'named' });
  });

  it('takes an empty KAFKA_CONFIG_FILE for none', () => {
    workspace.write('config.yaml', 'kafka: { group: default }');
    expect(readConfigFile({ KAFKA_CONFIG_FILE: '' }, workspace.path).options).toEqual({ group: 'default' });
  });
});

describe('faults', () => {
  it.each(['', '\n \n', '# nothing here\n'])('an empty file: %j', (yaml) => {
    expect(faultsOf(yaml)).toEqual([
      'config.yaml: expected a mapping, got an empty file. Write the options below a line "kafka:".',
    ]);
  });

  it('no YAML, with line and column', () => {
    expect(faultsOf('kafka:\n  brokers: [a:9092\n  group: g\n')).toEqual([
      'config.yaml: expected YAML, got a syntax error at line 3, column 3 (deficient indentation). ' +
        'Correct it there; text with special characters takes quotes.',
    ]);
  });

  it('a key that stands twice', () => {
    expect(faultsOf('kafka:\n  group: g\n  group: h\n')).toEqual([
      'config.yaml: expected YAML, got a syntax error at line 3, column 3 (duplicated mapping key). ' +
        'Correct it there; text with special characters takes quotes.',
    ]);
  });

  it('more than one document', () => {
    expect(faultsOf('kafka: {}\n---\nkafka: {}\n')).toEqual([
      'config.yaml: expected a single YAML document, got 2. Keep one of them.',
    ]);
  });

  it.each([
    ['- kafka', 'a list'],
    ['just text', 'a text (hidden)'],
    ['5', 'a number (hidden)'],
  ])('a top level that is no mapping: %j', (yaml, received) => {
    expect(faultsOf(yaml)).toEqual([
      `config.yaml: expected a mapping, got ${received}. Write the options below a line "kafka:".`,
    ]);
  });

  it.each([
    ['kafka: [a]', 'a list'],
    ['kafka: []', 'an empty list'],
    ['kafka: yes', 'a text (hidden)'],
  ])('a kafka that is no mapping: %j', (yaml, received) => {
    expect(faultsOf(yaml)).toEqual([
      `config.yaml: expected a mapping below "kafka:", got ${received}. Write the options below a line "kafka:".`,
    ]);
  });

  it('an option in both spellings', () => {
    expect(faultsOf('kafka:\n  brokers: ["a:1"]\n  retry: { max_attempts: 1, maxAttempts: 2 }\n')).toEqual([
      'retry.maxAttempts (config.yaml): expected one spelling, got both its snake_case and its camelCase spelling. ' +
        'Remove one of the two.',
    ]);
  });

  it('a named file that is missing', () => {
    const load = () => loadKafkaOptions({ KAFKA_CONFIG_FILE: 'gone.yaml' }, workspace.path);
    expect(faultLinesOf(load)).toEqual([
      `KAFKA_CONFIG_FILE: expected the path of a readable file, got "${join(workspace.path, 'gone.yaml')}", ` +
        'which does not exist. Correct the path or the rights of the file.',
    ]);
  });

  it('a named file that is a directory', () => {
    const load = () => loadKafkaOptions({ KAFKA_CONFIG_FILE: '.' }, workspace.path);
    expect(faultLinesOf(load)).toEqual([
      `KAFKA_CONFIG_FILE: expected the path of a readable file, got "${workspace.path}", ` +
        'which cannot be read (EISDIR). Correct the path or the rights of the file.',
    ]);
  });

  it('a key that JavaScript objects inherit', () => {
    const [fault] = faultsOf('kafka:\n  brokers: ["a:1"]\n  to_string: 1\n');
    expect(fault).toMatch(/^toString \(config.yaml\): expected an option, got an unknown one\./);
  });

  it('names the file that KAFKA_CONFIG_FILE names', () => {
    workspace.write('other.yml', 'kafka:\n  brokers: 5\n');
    const load = () => loadKafkaOptions({ KAFKA_CONFIG_FILE: 'other.yml' }, workspace.path);
    expect(errorOf(load).faults).toMatchObject([{ path: 'brokers', source: 'other.yml', received: '5' }]);
  });
});
