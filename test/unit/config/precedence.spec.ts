import { ConfigModule, ConfigService } from '@nestjs/config';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { kafkaConfig } from '../../../lib/config/kafka.config.js';
import { loadKafkaOptions } from '../../../lib/config/load-options.js';
import { validateOptions } from '../../../lib/config/validate-options.js';
import { faultLinesOf, Workspace } from './support.js';

let workspace: Workspace;
let environment: NodeJS.ProcessEnv;

beforeEach(() => {
  workspace = new Workspace();
  environment = process.env;
  process.env = Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('KAFKA_')));
});

afterEach(() => {
  process.env = environment;
  jest.restoreAllMocks();
  workspace.remove();
});

function load(yaml: string, env: NodeJS.ProcessEnv = {}) {
  workspace.write('config.yaml', yaml);
  return loadKafkaOptions(env, workspace.path);
}

describe('environment over file', () => {
  it('option by option', () => {
    const options = load('kafka: { brokers: ["file:1"], group: file, topics: [a, b] }', {
      KAFKA_BROKERS: 'env:1',
      KAFKA_TOPICS: 'c',
    });
    expect(options).toEqual({ brokers: ['env:1'], group: 'file', topics: ['c'] });
  });

  it('member by member below retry, fetch, ssl and sasl', () => {
    const options = load('kafka: { brokers: ["a:1"], retry: { max_attempts: 3, multiplier: 4 } }', {
      KAFKA_RETRY_MAX_ATTEMPTS: '5',
    });
    expect(options.retry).toEqual({ maxAttempts: 5, multiplier: 4 });
  });

  it('an empty variable leaves what the file says', () => {
    expect(load('kafka: { brokers: ["a:1"], group: file }', { KAFKA_GROUP: '' }).group).toBe('file');
  });

  it.each([
    ['{ servername: file }', { KAFKA_SSL: 'true' }, { servername: 'file' }],
    ['{ servername: file }', { KAFKA_SSL: 'false' }, false],
    ['{ servername: file }', { KAFKA_SSL_SERVERNAME: 'env' }, { servername: 'env' }],
    ['true', { KAFKA_SSL_SERVERNAME: 'env' }, { servername: 'env' }],
    ['false', { KAFKA_SSL_SERVERNAME: 'env' }, { servername: 'env' }],
    ['false', { KAFKA_SSL: 'true' }, true],
    ['true', {}, true],
  ])('ssl: %s with %j', (ssl, env, expected) => {
    expect(load(`kafka: { brokers: ["a:1"], ssl: ${ssl} }`, env).ssl).toEqual(expected);
  });

  it('the environment alone is enough', () => {
    expect(loadKafkaOptions({ KAFKA_BROKERS: 'a:1' }, workspace.path)).toEqual({ brokers: ['a:1'] });
  });
});

describe('faults', () => {
  it('of file, environment and validation come in one error, each with its source', () => {
    const yaml =
      'kafka:\n  auto_commit: maybe\n  autoStart: true\n  auto_start: true\n  heart: 1\n  ssl: { cert: c.pem }\n';
    expect(faultLinesOf(() => load(yaml, { KAFKA_TOPICS: ',,', KAFKA_RETRY_JITTER: 'half' }))).toEqual([
      'autoStart (config.yaml): expected one spelling, got both its snake_case and its camelCase spelling. Remove one of the two.',
      'topics (KAFKA_TOPICS): expected a list separated by commas, got ",,". Name at least one item, or unset it.',
      'heart (config.yaml): expected an option, got an unknown one. Remove it.',
      'brokers (KAFKA_BROKERS or config.yaml): expected a list of at least one "host:port", got nothing. ' +
        'Write a list, in YAML one item a line after "- ".',
      'autoCommit (config.yaml): expected true or false, got "maybe". Write true or false, without quotes.',
      'retry.jitter (KAFKA_RETRY_JITTER): expected "full" or "none", got "half". Write it exactly so.',
      'ssl.key (KAFKA_SSL_KEY or config.yaml): expected a value beside ssl.cert, got nothing. ' +
        'Mutual TLS takes both: give it, or remove ssl.cert.',
      'ssl.cert (config.yaml): expected PEM text or the path of a readable file, got "c.pem", which cannot be read (ENOENT). ' +
        'Correct the path or the rights of the file.',
    ]);
  });

  it('an unreadable file does not hide those of the environment', () => {
    expect(faultLinesOf(() => load('kafka: [', { KAFKA_CLIENT_ID: ' ' }))).toEqual([
      expect.stringMatching(/^config.yaml: expected YAML/),
      'clientId (KAFKA_CLIENT_ID): expected a text that is not blank, got " ". ' +
        'Write text; in YAML, put one that looks like a number in quotes.',
    ]);
  });

  it('of the file give way to a sound value of the environment', () => {
    expect(load('kafka: { brokers: 5 }', { KAFKA_BROKERS: 'a:1' })).toEqual({ brokers: ['a:1'] });
  });

  it('no variable is named for what only code can give', () => {
    expect(faultLinesOf(() => load('kafka: { brokers: ["a:1"] }', { KAFKA_SASL_MECHANISM: 'oauthbearer' }))).toEqual([
      expect.stringMatching(/^sasl.tokenProvider: expected a function, got nothing. It can only be given in code/),
    ]);
  });
});

describe('kafkaConfig', () => {
  beforeEach(() => {
    jest.spyOn(process, 'cwd').mockReturnValue(workspace.path);
  });

  it('is the namespace kafka, read when Nest calls it', async () => {
    workspace.write('config.yaml', 'kafka: { group: file }');
    workspace.write('.env', 'KAFKA_BROKERS=late:9092\n');
    const imports = [ConfigModule.forRoot({ envFilePath: `${workspace.path}/.env`, load: [kafkaConfig] })];
    const module = await Test.createTestingModule({ imports }).compile();
    expect(module.get(ConfigService).get('kafka')).toEqual({ brokers: ['late:9092'], group: 'file' });
  });

  it('gives options that validateOptions takes', () => {
    process.env.KAFKA_BROKERS = 'a:1';
    expect(validateOptions(kafkaConfig())).toMatchObject({ brokers: ['a:1'], autoCommit: true });
  });

  it('throws the faults', () => {
    expect(faultLinesOf(() => kafkaConfig())).toEqual([
      expect.stringMatching(/^brokers \(KAFKA_BROKERS or config.yaml\)/),
    ]);
  });
});
