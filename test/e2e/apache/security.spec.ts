import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type INestApplicationContext } from '@nestjs/common';
import { type KafkaOptions, type Message, MessageHandler, Producer } from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication, untilAssigned } from '../../support/application.js';
import { certificateAuthority, certificateFor, privateKeyPem } from '../../support/certificates.js';
import { eventually } from '../../support/eventually.js';
import { client, committedOffset, createTopic, uniqueName, untilCommitted, useBrokers } from '../../support/kafka.js';
import { alice, type SecuredKafka, sessionMs, startSecuredKafka, unsecuredToken } from '../../support/secured-kafka.js';

type Security = Partial<Pick<KafkaOptions, 'brokers' | 'sasl' | 'ssl'>>;

const tokenProvider = async () => ({ value: unsecuredToken({ lifetimeMs: 60_000 }) });
const expiredTokenProvider = async () => ({ value: unsecuredToken({ lifetimeMs: -60_000 }) });
const wrongPassword = 'battery staple';

describe('a secured cluster', () => {
  let kafka: SecuredKafka;
  let folder: string;
  let app: INestApplicationContext | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'certificates-'));
    kafka = await startSecuredKafka();
    useBrokers([kafka.open]);
    await untilReady();
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  afterAll(async () => {
    await kafka?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  describe('is consumed from and published to', () => {
    it.each<[string, () => Security | Promise<Security>]>([
      ['over TLS, the authority given as text', () => ({ brokers: [kafka.tls], ssl: { ca: kafka.authority.cert } })],
      ['over TLS, the authority given as a path', async () => ({ brokers: [kafka.tls], ssl: { ca: await caFile() } })],
      ['over mutual TLS', () => ({ brokers: [kafka.mutualTls], ssl: clientIdentity() })],
      ['with user and password', () => overTls({ mechanism: 'plain', ...alice })],
      ['with SCRAM-SHA-256', () => overTls({ mechanism: 'scram-sha-256', ...alice })],
      ['with SCRAM-SHA-512', () => overTls({ mechanism: 'scram-sha-512', ...alice })],
      ['with tokens', () => overTls({ mechanism: 'oauthbearer', tokenProvider })],
    ])('%s', async (_how, security) => {
      const topic = await createTopic(uniqueName('secured'));
      const group = uniqueName('group');
      const logger = new LogRecorder();
      const seen: unknown[] = [];
      class Secured {
        @MessageHandler(topic)
        handle({ payload }: Message): void {
          seen.push(payload);
        }
      }
      app = await startApplication({ ...(await security()), group }, [Secured], logger);

      await app.get(Producer).publishBatch([1, 2, 3].map((id) => ({ topic, value: String(id) })));

      await eventually(() => expect(seen).toEqual([1, 2, 3]));
      await untilCommitted(group, topic, '3');
      expect(troubles(logger)).toEqual([]);
      expectNoSecrets(logger);
    });
  });

  describe('that refuses this client', () => {
    it.each<[string, () => Security, RegExp]>([
      [
        'a certificate of an unknown authority',
        () => ({ brokers: [kafka.tls], ssl: { ca: certificateAuthority('authority of the tests').cert } }),
        /certificate.*ssl\.ca/,
      ],
      [
        'no client certificate where one is required',
        () => ({ brokers: [kafka.mutualTls], ssl: { ca: kafka.authority.cert } }),
        /certificate.*ssl\.cert and ssl\.key/,
      ],
      [
        'a wrong password',
        () => overTls({ mechanism: 'plain', username: alice.username, password: wrongPassword }),
        /SASL PLAIN authentication failed.*sasl\.username.*sasl\.password/,
      ],
      [
        'a wrong password of SCRAM',
        () => overTls({ mechanism: 'scram-sha-512', username: alice.username, password: wrongPassword }),
        /SASL SCRAM SHA512 authentication failed.*sasl\.username.*sasl\.password/,
      ],
      [
        'a token that has expired',
        () => overTls({ mechanism: 'oauthbearer', tokenProvider: expiredTokenProvider }),
        /refused the token.*sasl\.tokenProvider/,
      ],
      ['a connection without TLS where TLS is spoken', () => ({ brokers: [kafka.tls] }), /Closed connection.*ssl/],
    ])('%s: the log says what to check; neither start nor close wait', async (_what, security, cause) => {
      class Refused {
        @MessageHandler('orders')
        handle(): void {}
      }
      const logger = new LogRecorder();

      const started = Date.now();
      app = await startApplication({ ...security(), group: 'refused' }, [Refused], logger);
      expect(Date.now() - started).toBeLessThan(2_000);
      await eventually(() => expect(logger.find('error', 'starting it again').join('\n')).toMatch(cause));

      await expectQuickClose(app);
      expectNoSecrets(logger);
    });

    it.each<[string, () => Promise<{ value: string }>, string]>([
      ['never answers', () => new Promise(() => undefined), 'no token was provided within 500 ms'],
      ['fails', () => Promise.reject(new Error('no such client')), 'no such client'],
      ['forgets the value', async () => ({}) as never, '{ value: string }'],
    ])('a token provider that %s: the log says so; neither start nor close wait', async (_what, provider, cause) => {
      class Refused {
        @MessageHandler('orders')
        handle(): void {}
      }
      const logger = new LogRecorder();
      const security = overTls({ mechanism: 'oauthbearer', tokenProvider: provider });
      const options = { ...security, group: 'refused', connectionTimeoutMs: 500 };

      app = await startApplication(options, [Refused], logger);
      await eventually(() => logger.find('error', cause).some((line) => line.includes('check sasl.tokenProvider')));

      await expectQuickClose(app);
    });

    it('a token provider that never answers does not hold up a close', async () => {
      let asked = 0;
      const tokenProvider = () => {
        asked++;
        return new Promise<never>(() => undefined);
      };
      class Refused {
        @MessageHandler('orders')
        handle(): void {}
      }

      app = await startApplication({ ...overTls({ mechanism: 'oauthbearer', tokenProvider }), group: 'refused' }, [
        Refused,
      ]);
      await eventually(() => asked > 0);

      await expectQuickClose(app);
    });

    it('a wrong password: publishing fails with what to check', async () => {
      class Nothing {}
      const sasl = { mechanism: 'plain', username: alice.username, password: wrongPassword } as const;
      app = await startApplication(overTls(sasl), [Nothing]);

      const published = app.get(Producer).publish({ topic: 'orders', value: '1' });

      await expect(published).rejects.toThrow(/SASL PLAIN authentication failed.*sasl\.username/);
    });
  });

  describe('whose sessions end soon', () => {
    it('is consumed from and published to without a break while sessions are renewed', async () => {
      let tokens = 0;
      const countedProvider = () => {
        tokens++;
        return tokenProvider();
      };

      await Promise.all([
        publishesAndConsumes({ mechanism: 'oauthbearer', tokenProvider: countedProvider }),
        publishesAndConsumes({ mechanism: 'scram-sha-256', ...alice }),
      ]);

      expect(tokens).toBeGreaterThan(3 * 3); // coordinator, fetches and producer, renewed twice and more
    });

    /** Records flow, each is committed, heartbeats are close together: all of it shares connections with the renewals. */
    async function publishesAndConsumes(sasl: KafkaOptions['sasl']): Promise<void> {
      const partitions = [0, 1, 2, 3];
      const topic = await createTopic(uniqueName('sessions'), partitions.length);
      const group = uniqueName('group');
      const logger = new LogRecorder();
      const seen: number[] = [];
      class Steady {
        @MessageHandler(topic)
        handle({ payload }: Message<number>): void {
          seen.push(payload);
        }
      }
      const busy = { autoCommit: false, heartbeatIntervalMs: 20 };
      const application = await startApplication(
        { brokers: [kafka.shortSessions], sasl, group, ...busy },
        [Steady],
        logger,
      );
      try {
        await untilAssigned(application, partitions.length);
        logger.lines.length = 0; // a young broker may have refused the first join
        const producer = application.get(Producer);
        const published: number[] = [];
        for (const end = Date.now() + 3 * sessionMs; Date.now() < end;) {
          const ids = partitions.map((partition) => published.length + partition);
          await producer.publishBatch(ids.map((id, partition) => ({ topic, partition, value: String(id) })));
          published.push(...ids);
          await eventually(() => seen.length >= published.length, { intervalMs: 5, message: () => stalled(logger) });
        }

        expect(seen.toSorted((a, b) => a - b)).toEqual(published);
        for (const partition of partitions) {
          await untilCommitted(group, topic, String(published.length / partitions.length), partition);
        }
        expect(troubles(logger)).toEqual([]);
      } finally {
        await application.close();
      }
    }
  });

  function overTls(sasl: KafkaOptions['sasl']): Security {
    return { brokers: [kafka.saslOverTls], ssl: { ca: kafka.authority.cert }, sasl };
  }

  function clientIdentity(): KafkaOptions['ssl'] {
    const client = certificateFor('client', kafka.authority);
    const passphrase = alice.password;
    return { ca: kafka.authority.cert, cert: client.cert, key: privateKeyPem(client, passphrase), passphrase };
  }

  async function caFile(): Promise<string> {
    const path = join(folder, 'ca.pem');
    await writeFile(path, kafka.authority.cert);
    return path;
  }
});

function stalled(logger: LogRecorder): string {
  return `the records to be handled, but:\n${troubles(logger).join('\n')}`;
}

async function expectQuickClose(application: INestApplicationContext): Promise<void> {
  const started = Date.now();
  await application.close();
  expect(Date.now() - started).toBeLessThan(1_000);
}

/** A new broker has neither producer ids nor a coordinator for its first client; that is not what is looked at here. */
async function untilReady(): Promise<void> {
  await committedOffset('first', await createTopic('first'));
  const producer = client().producer({ idempotent: true });
  await eventually(() => producer.connect());
  await producer.disconnect();
}

/** Whatever speaks of a connection that broke, also what is only logged for debugging. */
function troubles(logger: LogRecorder): string[] {
  return logger.lines
    .filter(({ level, text }) => level === 'error' || level === 'warn' || text.startsWith('kafkajs'))
    .map(({ level, text }) => `${level}: ${text}`);
}

function expectNoSecrets(logger: LogRecorder): void {
  const log = logger.lines.map(({ text }) => text).join('\n');
  const tokens = unsecuredToken({ lifetimeMs: 0 }).split('.')[0]!; // what all of them begin with
  for (const secret of [alice.password, wrongPassword, tokens, 'PRIVATE KEY']) expect(log).not.toContain(secret);
}
