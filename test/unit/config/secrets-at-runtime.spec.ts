import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConsoleLogger, Injectable, Module, type INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  DeadLetterService,
  KafkaModule,
  MessageHandler,
  Producer,
  SchemaRegistry,
  type KafkaOptions,
} from '../../../lib/index.js';
import { EmbeddedKafka } from '../../../lib/testing/embedded/embedded-kafka.js';
import { eventually } from '../../support/eventually.js';
import { FakeSchemaRegistry } from '../../support/fake-schema-registry.js';

const secret = 'hunter2';

@Injectable()
class OrderHandler {
  @MessageHandler('orders', { retry: { maxDelayMs: 50 } })
  handle(): void {
    throw new Error(`connect ECONNREFUSED postgres://app:${secret}@db:5432/orders`);
  }

  @MessageHandler('payments', { retry: { maxDelayMs: 50 }, format: 'json' })
  pay({ payload }: { payload: unknown }): void {
    throw new Error(`Authorization: Bearer ${secret}-${secret} is over, ${JSON.stringify(payload)}`);
  }
}

describe('What an application writes at run time, at every level', () => {
  let kafka: EmbeddedKafka;
  let app: INestApplicationContext | undefined;
  let written: string[];
  let byConsole: string[];

  beforeEach(async () => {
    written = [];
    byConsole = [];
    kafka = await EmbeddedKafka.start({
      topics: ['orders', 'payments', 'orders.dlq'],
      sasl: { users: { alice: secret } },
    });
    for (const stream of [process.stdout, process.stderr])
      jest.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
      jest.spyOn(console, method).mockImplementation((...args) => void byConsole.push(args.join(' ')));
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    jest.restoreAllMocks();
    delete process.env.KAFKAJS_LOG_LEVEL;
    await kafka.stop();
  });

  async function start(options: Partial<KafkaOptions>, json = true): Promise<INestApplicationContext> {
    @Module({
      imports: [
        KafkaModule.forRoot({ brokers: kafka.brokers, group: 'billing', startFromBeginning: true, ...options }),
      ],
      providers: [OrderHandler],
    })
    class AppModule {}
    const testing = await Test.createTestingModule({ imports: [AppModule] })
      .setLogger(new ConsoleLogger({ json, colors: false }))
      .compile();
    return (app = await testing.init());
  }

  const everything = (): string => written.join('');
  const says = (text: string): Promise<void> => eventually(() => everything().includes(text), { message: text });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'has neither a wrong password nor the right one: %s',
    async (mechanism) => {
      process.env.KAFKAJS_LOG_LEVEL = 'debug';
      const password = `${secret}-wrong`;
      const started = await start({ sasl: { mechanism, username: 'alice', password } });
      const failures = await Promise.allSettled([
        started.get(Producer).publish({ topic: 'orders', value: 'a' }),
        started.get(DeadLetterService).list('orders.dlq'),
      ]);
      await says('check sasl.mechanism, sasl.username and sasl.password');
      await says('kafkajs');

      expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(everything()).not.toContain(secret);
      expect(byConsole).toEqual([]);
    },
  );

  it('has none of a token', async () => {
    await start({ sasl: { mechanism: 'oauthbearer', tokenProvider: () => Promise.resolve({ value: secret }) } });
    await says('sasl.tokenProvider');

    expect(everything()).not.toContain(secret);
    expect(byConsole).toEqual([]);
  });

  it.each([true, false])('has none of what handlers throw, JSON %s', async (json) => {
    await start({ sasl: { mechanism: 'plain', username: 'alice', password: secret } }, json);
    kafka.produce('orders', [{ value: '{}' }]);
    kafka.produce('payments', [{ value: '{}' }]);
    await says('postgres://***@db:5432/orders');
    await says('Authorization: Bearer ***');
    await says('attempt 2');

    expect(everything()).not.toContain(secret);
    expect(byConsole).toEqual([]);
  });

  it('has none of what a schema registry is asked with', async () => {
    const fake = await FakeSchemaRegistry.start();
    fake.status = 401;
    const registry = new SchemaRegistry({ url: fake.url, auth: { username: 'alice', password: `${secret}-registry` } });
    await start({ sasl: { mechanism: 'plain', username: 'alice', password: secret }, format: registry.avro() });
    kafka.produce('orders', [{ value: Buffer.from([0, 0, 0, 0, 1, 2]) }]);
    kafka.produce('payments', [{ value: Buffer.from([0, 0, 0, 0, 1, 2]) }]);
    await eventually(() => fake.requests.length > 0 || everything().includes('failed on'), { message: 'a request' });
    await says('failed on');
    await fake.stop();

    expect(everything()).not.toContain(secret);
    expect(everything()).not.toContain(Buffer.from(`alice:${secret}-registry`).toString('base64'));
  });
});
