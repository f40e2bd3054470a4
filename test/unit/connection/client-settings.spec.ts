import { describe, expect, it } from '@jest/globals';
import { withDefaults } from '../../../lib/config/kafka-defaults.js';
import { connectionSettings, groupSettings } from '../../../lib/connection/client-settings.js';

const brokers = ['broker.example:9092'];

describe('connectionSettings', () => {
  it('takes over what concerns the connection', () => {
    const settings = withDefaults({ brokers, clientId: 'shop', connectionTimeoutMs: 1, requestTimeoutMs: 2 });

    expect(connectionSettings(settings)).toEqual({
      brokers,
      clientId: 'shop',
      ssl: false,
      sasl: undefined,
      connectionTimeoutMs: 1,
      requestTimeoutMs: 2,
    });
  });

  it('passes user and password on', () => {
    const sasl = { mechanism: 'scram-sha-512', username: 'shop', password: 'secret' } as const;

    expect(connectionSettings(withDefaults({ brokers, sasl })).sasl).toEqual(sasl);
  });

  it('passes the provider of tokens on under the name that kafkajs has for it', () => {
    const tokenProvider = () => Promise.resolve({ value: 'token' });

    expect(
      connectionSettings(withDefaults({ brokers, sasl: { mechanism: 'oauthbearer', tokenProvider } })).sasl,
    ).toEqual({
      mechanism: 'oauthbearer',
      oauthBearerProvider: tokenProvider,
    });
  });
});

it('groupSettings takes over what concerns a member of the group', () => {
  const settings = withDefaults({ brokers, startFromBeginning: true, rackId: 'eu-1a', sessionTimeoutMs: 7 });

  expect(groupSettings(settings, 'billing', ['orders', /^pay/], () => [])).toEqual({
    group: 'billing',
    topics: ['orders', /^pay/],
    startFromBeginning: true,
    sessionTimeoutMs: 7,
    heartbeatIntervalMs: 3000,
    rebalanceTimeoutMs: 60_000,
    requestTimeoutMs: 30_000,
    rackId: 'eu-1a',
    assignors: ['cooperative-sticky'],
    groupInstanceId: undefined,
    leaveOnStop: true,
    isTransactional: false,
    createTopics: true,
    sideTopics: expect.any(Function),
    fetch: settings.fetch,
  });
});
