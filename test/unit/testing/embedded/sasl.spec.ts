import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs, { type SASLOptions } from 'kafkajs';
import { EmbeddedKafka, EmbeddedKafkaError } from '../../../../lib/testing/index.js';
import { WireClient } from '../../../conformance/support/wire-client.js';

let kafka: EmbeddedKafka;

beforeAll(async () => {
  kafka = await EmbeddedKafka.start({ sasl: { users: { alice: 'sec,ret=', 'b,o=b': 'x' } } });
});

afterAll(async () => {
  await kafka.stop();
});

async function connectAs(sasl?: SASLOptions): Promise<void> {
  const { brokers } = kafka;
  const client = new kafkajs.Kafka({ brokers, sasl, logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 0 } });
  const admin = client.admin();
  try {
    await admin.connect();
    await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

describe.each(mechanisms)('a client that authenticates by %s', (mechanism) => {
  test('is let in with its password', async () => {
    await connectAs({ mechanism, username: 'alice', password: 'sec,ret=' });
  });

  test('is refused with another password, and without a name that is known', async () => {
    for (const username of ['alice', 'mallory', '__proto__']) {
      const connecting = connectAs({ mechanism, username, password: 'wrong' });
      await expect(connecting).rejects.toMatchObject({ name: 'KafkaJSSASLAuthenticationError' });
    }
  });
});

test('a name may have the characters that SCRAM escapes', async () => {
  await connectAs({ mechanism: 'scram-sha-256', username: 'b,o=b', password: 'x' });
});

test('a client that does not authenticate is cut off', async () => {
  await expect(connectAs()).rejects.toMatchObject({ name: expect.stringMatching(/^KafkaJS/) });
});

test('a mechanism that is not offered is refused, and those that are named', async () => {
  const client = await WireClient.connect(kafka.brokers[0] as string);
  const answer = await client.request('SaslHandshake', { mechanism: 'GSSAPI' });
  expect(answer).toEqual({ errorCode: 33, mechanisms: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] });
  const premature = await client.request('SaslAuthenticate', { bytes: Buffer.from('\0alice\0sec,ret=') });
  expect(premature).toMatchObject({ errorCode: 34 });
  client.close();
});

test('an unknown mechanism cannot be offered', async () => {
  const sasl = { users: {}, mechanisms: ['GSSAPI' as 'PLAIN'] };
  await expect(EmbeddedKafka.start({ sasl })).rejects.toThrow(EmbeddedKafkaError);
});
