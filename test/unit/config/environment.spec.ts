import { describe, expect, it } from '@jest/globals';
import { getMetadataStorage } from 'class-validator';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOptions, environmentName, environmentOptions, readEnvironment } from '../../../lib/config/environment.js';
import * as schema from '../../../lib/config/kafka-options.schema.js';
import { loadKafkaOptions } from '../../../lib/config/load-options.js';
import { faultLinesOf } from './support.js';

const nowhere = join(tmpdir(), 'kafka-config-without-a-file');

function faultsOf(env: NodeJS.ProcessEnv): string[] {
  return faultLinesOf(() => loadKafkaOptions({ KAFKA_BROKERS: 'a:1', ...env }, nowhere));
}

describe('names', () => {
  it.each([
    ['brokers', 'KAFKA_BROKERS'],
    ['retry.maxAttempts', 'KAFKA_RETRY_MAX_ATTEMPTS'],
    ['fetch.maxBytesPerPartition', 'KAFKA_FETCH_MAX_BYTES_PER_PARTITION'],
    ['ssl.ca', 'KAFKA_SSL_CA'],
    ['sasl.username', 'KAFKA_SASL_USERNAME'],
  ])('%s is %s', (path, name) => {
    expect(environmentName(path)).toBe(name);
  });

  it('are one for each option of the schema but those that only code can give', () => {
    const options = [
      ...optionsOf(schema.KafkaOptionsSchema, '').filter(
        (path) => !['fetch', 'producer', 'retry', 'sasl'].includes(path),
      ),
      ...optionsOf(schema.FetchSchema, 'fetch.'),
      ...optionsOf(schema.ProducerSchema, 'producer.'),
      ...optionsOf(schema.RetrySchema, 'retry.'),
      ...optionsOf(schema.DeadLetterSchema, 'deadLetter.'),
      ...optionsOf(schema.SslSchema, 'ssl.'),
      ...optionsOf(schema.SaslPasswordSchema, 'sasl.'),
      ...optionsOf(schema.SaslOAuthBearerSchema, 'sasl.'),
    ];
    expect([...Object.keys(environmentOptions), ...codeOptions].sort()).toEqual([...new Set(options)].sort());
  });

  it('are all different', () => {
    const names = Object.keys(environmentOptions).map(environmentName);
    expect(new Set(names).size).toBe(names.length);
    expect(names).not.toContain('KAFKA_CONFIG_FILE');
  });
});

function optionsOf(schemaClass: new () => object, parent: string): string[] {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(schemaClass, '', false, false);
  return [...new Set(metadata.map(({ propertyName }) => `${parent}${propertyName}`))];
}

describe('values', () => {
  it.each([
    ['KAFKA_GROUP', ' as it stands ', { group: ' as it stands ' }],
    ['KAFKA_AUTO_COMMIT', 'false', { autoCommit: false }],
    ['KAFKA_AUTO_COMMIT', 'TRUE', { autoCommit: true }],
    ['KAFKA_SESSION_TIMEOUT_MS', '45000', { sessionTimeoutMs: 45000 }],
    ['KAFKA_RETRY_MULTIPLIER', '1.5', { retry: { multiplier: 1.5 } }],
    ['KAFKA_RETRY_MAX_ATTEMPTS', 'Infinity', { retry: { maxAttempts: Infinity } }],
    ['KAFKA_BROKERS', 'a:1, b:2,', { brokers: ['a:1', 'b:2'] }],
    ['KAFKA_GROUP', '', {}],
    ['KAFKA_SOMETHING_ELSE', 'of another tool', {}],
    ['KAFKA_CONFIG_FILE', 'config.yaml', {}],
  ])('%s=%s', (name, text, options) => {
    expect(readEnvironment({ [name]: text })).toEqual({ options, faults: [] });
  });

  it('of a section come together', () => {
    const env = { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' };
    expect(readEnvironment(env).options).toEqual({ sasl: { mechanism: 'plain', username: 'u', password: 'p' } });
  });

  it.each([
    ['true', { ca: 'x' }],
    ['', { ca: 'x' }],
    ['false', false],
  ])('KAFKA_SSL=%s beside KAFKA_SSL_CA', (text, ssl) => {
    expect(readEnvironment({ KAFKA_SSL: text, KAFKA_SSL_CA: 'x' }).options).toEqual({ ssl });
  });
});

describe('faults', () => {
  it('lists a boolean that is none', () => {
    expect(faultsOf({ KAFKA_AUTO_COMMIT: 'maybe' })).toEqual([
      'autoCommit (KAFKA_AUTO_COMMIT): expected true or false, got "maybe". Write true or false.',
    ]);
  });

  it.each(['30s', '1.5', '1e3', '0x10', ' '])('lists %j for a whole number', (text) => {
    expect(faultsOf({ KAFKA_SESSION_TIMEOUT_MS: text })).toEqual([
      `sessionTimeoutMs (KAFKA_SESSION_TIMEOUT_MS): expected a whole number, got "${text}". ` +
        'Write the number alone, without a unit.',
    ]);
  });

  it('lists a number that is none', () => {
    expect(faultsOf({ KAFKA_RETRY_MULTIPLIER: 'double' })).toEqual([
      'retry.multiplier (KAFKA_RETRY_MULTIPLIER): expected a number, got "double". Write the number alone, without a unit.',
    ]);
  });

  it('lists a list of nothing', () => {
    expect(faultsOf({ KAFKA_TOPICS: ',,' })).toEqual([
      'topics (KAFKA_TOPICS): expected a list separated by commas, got ",,". Name at least one item, or unset it.',
    ]);
  });

  it('does not call missing what could not be read', () => {
    expect(faultsOf({ KAFKA_BROKERS: ',' })).toEqual([
      'brokers (KAFKA_BROKERS): expected a list separated by commas, got ",". Name at least one item, or unset it.',
    ]);
  });

  it('names the variable where the value has the right type but not the right range', () => {
    expect(faultsOf({ KAFKA_SESSION_TIMEOUT_MS: '-1', KAFKA_BROKERS: 'a:1,b' })).toEqual([
      'sessionTimeoutMs (KAFKA_SESSION_TIMEOUT_MS): expected a whole number from 1 to 2147483647, got -1. ' +
        'Write the number alone, without quotes and without a unit.',
      'brokers[1] (KAFKA_BROKERS): expected "host:port", got "b". Add the port, usually 9092.',
      'heartbeatIntervalMs (KAFKA_HEARTBEAT_INTERVAL_MS or config.yaml): expected less than sessionTimeoutMs (-1), ' +
        'got 3000, the default. Lower it, or raise sessionTimeoutMs.',
    ]);
  });
});
