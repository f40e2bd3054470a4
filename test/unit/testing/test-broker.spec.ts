import { describe, expect, it } from '@jest/globals';
import { TestBrokerError } from '../../../lib/testing/test-broker.error.js';
import {
  chooseBroker,
  externalBrokers,
  findRealBroker,
  startTestBroker,
  type TestBrokerKind,
} from '../../../lib/testing/test-broker.js';

describe('the choice of a broker for tests', () => {
  it('falls on the embedded one when nothing is asked for', () => {
    expect(chooseBroker({}).kind).toBe('embedded');
    expect(chooseBroker({ KAFKA_TEST_BROKER: ' ', KAFKA_BROKERS: '' }).kind).toBe('embedded');
  });

  it('falls on external brokers when KAFKA_BROKERS is set', () => {
    expect(chooseBroker({ KAFKA_BROKERS: 'a:9092' })).toEqual({ kind: 'external', reason: 'KAFKA_BROKERS is set' });
  });

  it.each(['apache', 'docker', 'embedded', 'external'] as const)(
    'falls on %s when KAFKA_TEST_BROKER says so',
    (kind) => {
      const env = { KAFKA_TEST_BROKER: kind, KAFKA_BROKERS: 'a:9092' };
      expect(chooseBroker(env)).toEqual({ kind, reason: 'KAFKA_TEST_BROKER says so' });
    },
  );

  it('puts what the caller asks for above the environment', () => {
    expect(chooseBroker({ KAFKA_TEST_BROKER: 'docker' }, 'apache').kind).toBe('apache');
  });

  it.each(['podman', 'Apache', 'toString'])('rejects the unknown kind %s', (kind) => {
    expect(() => chooseBroker({ KAFKA_TEST_BROKER: kind })).toThrow(
      `KAFKA_TEST_BROKER: expected one of apache, docker, embedded, external, got '${kind}'`,
    );
    expect(() => chooseBroker({}, kind as TestBrokerKind)).toThrow(TestBrokerError);
  });
});

describe('the embedded broker', () => {
  it('is started, said to be, and stopped', async () => {
    const lines: string[] = [];
    const broker = await startTestBroker({ env: {}, log: (line) => lines.push(line) });

    expect(broker.kind).toBe('embedded');
    expect(broker.brokers).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
    expect(lines).toEqual(['Broker for tests: embedded (nothing else was asked for)']);
    await broker.stop();
  });
});

describe('findRealBroker', () => {
  it('takes the brokers that are named', async () => {
    expect(await findRealBroker({ env: { KAFKA_BROKERS: 'a:9092' } })).toMatchObject({ kind: 'external' });
  });

  it('says what it looked for when there is nothing', async () => {
    const nowhere = { PATH: '/nonexistent', KAFKA_TEST_CACHE: '/nonexistent', DOCKER_HOST: 'tcp://127.0.0.1:1' };
    const { kind, reason } = await findRealBroker({ env: nowhere });

    expect(kind === undefined || kind === 'docker').toBe(true); // Testcontainers looks for Docker by itself
    if (kind === undefined) expect(reason).toMatch(/KAFKA_BROKERS is not set; no container runtime .*java/is);
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
