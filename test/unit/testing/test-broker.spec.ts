import { describe, expect, it } from '@jest/globals';
import { found, missing } from '../../../lib/testing/probe.js';
import { TestBrokerError } from '../../../lib/testing/test-broker.error.js';
import {
  externalBrokers,
  firstAvailable,
  requestedBroker,
  startTestBroker,
  type TestBrokerKind,
} from '../../../lib/testing/test-broker.js';

describe('requestedBroker', () => {
  it('leaves the choice open when nothing is asked for', () => {
    expect(requestedBroker({})).toBeUndefined();
    expect(requestedBroker({ KAFKA_TEST_BROKER: ' ', KAFKA_BROKERS: '' })).toBeUndefined();
  });

  it('takes external brokers when KAFKA_BROKERS is set', () => {
    expect(requestedBroker({ KAFKA_BROKERS: 'a:9092' })).toEqual({
      kind: 'external',
      reason: 'KAFKA_BROKERS is set',
    });
  });

  it.each(['apache', 'docker', 'external'] as const)('takes %s when KAFKA_TEST_BROKER says so', (kind) => {
    const env = { KAFKA_TEST_BROKER: kind, KAFKA_BROKERS: 'a:9092' };
    expect(requestedBroker(env)).toEqual({ kind, reason: 'KAFKA_TEST_BROKER says so' });
  });

  it('puts what the caller asks for above the environment', () => {
    expect(requestedBroker({ KAFKA_TEST_BROKER: 'docker' }, 'apache')?.kind).toBe('apache');
  });

  it.each(['podman', 'Apache', 'toString'])('rejects the unknown kind %s', (kind) => {
    expect(() => requestedBroker({ KAFKA_TEST_BROKER: kind })).toThrow(
      `KAFKA_TEST_BROKER: expected one of apache, docker, external, got '${kind}'`,
    );
    expect(() => requestedBroker({}, kind as TestBrokerKind)).toThrow(TestBrokerError);
  });
});

describe('firstAvailable', () => {
  it('prefers a container', () => {
    expect(firstAvailable(found('a container runtime answers'), undefined)).toEqual({
      kind: 'docker',
      reason: 'a container runtime answers',
    });
  });

  it('takes the JVM otherwise, and says why', () => {
    expect(firstAvailable(missing('no Docker'), found('Java 21 and Maven'))).toEqual({
      kind: 'apache',
      reason: 'no Docker; found Java 21 and Maven',
    });
  });

  it('says what was looked for and what to install when there is nothing', () => {
    const choose = () => firstAvailable(missing('no Docker'), missing('no Java; no Maven'));
    expect(choose).toThrow(TestBrokerError);
    expect(choose).toThrow(
      /KAFKA_BROKERS is not set\n {2}docker: no Docker\n {2}apache: no Java; no Maven\n.*install a JDK >= 17 and Maven/,
    );
  });
});

describe('external brokers', () => {
  it('are split at commas and trimmed', () => {
    expect(externalBrokers({ KAFKA_BROKERS: ' a:9092, b:9093,' })).toEqual(['a:9092', 'b:9093']);
  });

  it.each([undefined, '', ' , '])('are demanded when KAFKA_BROKERS is %p', (value) => {
    expect(() => externalBrokers({ KAFKA_BROKERS: value })).toThrow(/expected host:port/);
  });

  it('are handed out as they are and said to be', async () => {
    const lines: string[] = [];
    const broker = await startTestBroker({ env: { KAFKA_BROKERS: 'a:9092' }, log: (line) => lines.push(line) });
    expect(broker).toMatchObject({ kind: 'external', brokers: ['a:9092'] });
    expect(lines).toEqual(['Broker for tests: external (KAFKA_BROKERS is set)']);
    await broker[Symbol.asyncDispose]();
  });
});
