import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import {
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { KafkaConsumerService, KafkaModule, type Message, MessageHandler, Producer } from '@things-kit/nestjs-kafka';
import { LogRecorder, testOptions } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { committedOffset, createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

interface App {
  init(): Promise<unknown>;
  close(): Promise<void>;
}

type Start = (module: Type) => Promise<App>;

const logger = new LogRecorder();

const kinds: [string, Start][] = [
  ['an HTTP application', async (module) => (await NestFactory.create(module, { logger })).init()],
  ['a standalone context', (module) => NestFactory.createApplicationContext(module, { logger })],
  ['a testing module', async (module) => (await Test.createTestingModule({ imports: [module] }).compile()).init()],
];

describe.each(kinds)('in %s', (_kind, start) => {
  it.each([{ isGlobal: false }, { isGlobal: true }])(
    'handlers start after every provider has started and end before any is destroyed, with %j',
    async (extras) => {
      const topic = await createTopic(uniqueName('life'));
      const farewells = await createTopic(uniqueName('farewells'));
      const group = uniqueName('group');
      const events: string[] = [];

      /** What the handler uses, in a module of its own, imported deeper than the handler's. */
      @Injectable()
      class Database implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
        open = false;
        async onApplicationBootstrap(): Promise<void> {
          await delay(50);
          this.open = true;
          events.push('database open');
        }
        onModuleDestroy(): void {
          this.open = false;
          events.push('database closed');
        }
        onApplicationShutdown(): void {
          events.push('database shut down');
        }
      }
      @Module({ providers: [Database], exports: [Database] })
      class DatabaseModule {}

      @Injectable()
      class Orders implements OnModuleDestroy, OnApplicationShutdown {
        constructor(
          private readonly database: Database,
          private readonly producer: Producer,
        ) {}
        @MessageHandler(topic)
        async handle({ offset }: Message): Promise<void> {
          events.push(`handling ${offset} with the database ${this.database.open ? 'open' : 'closed'}`);
          await delay(500);
          events.push(`handled ${offset} with the database ${this.database.open ? 'open' : 'closed'}`);
        }
        onModuleDestroy(): void {
          events.push('orders destroyed');
        }
        async onApplicationShutdown(): Promise<void> {
          await this.producer.publish({ topic: farewells, value: '"bye"' });
          events.push('farewell published');
        }
      }
      @Module({ imports: [DatabaseModule, ...(extras.isGlobal ? [] : [kafka()])], providers: [Orders] })
      class OrdersModule {}
      function kafka(): ReturnType<typeof KafkaModule.forRoot> {
        return KafkaModule.forRoot({ ...testOptions({ group }), ...extras });
      }
      @Module({ imports: [OrdersModule, ...(extras.isGlobal ? [kafka()] : [])] })
      class AppModule {}

      await produce(topic, ['0', '1']);
      const app = await start(AppModule);
      await eventually(() => events.includes('handling 0 with the database open'));
      await app.close();

      expect(events).toEqual([
        'database open',
        'handling 0 with the database open',
        'handled 0 with the database open',
        expect.stringMatching(/^(orders destroyed|database closed)$/),
        expect.stringMatching(/^(orders destroyed|database closed)$/),
        expect.stringMatching(/^(farewell published|database shut down)$/),
        expect.stringMatching(/^(farewell published|database shut down)$/),
      ]);
      expect(await committedOffset(group, topic)).toBe('1');
    },
  );
});

describe('autoStart: false', () => {
  it('boots without consuming, publishes, and consumes once started', async () => {
    const topic = await createTopic(uniqueName('manual'));
    const group = uniqueName('group');
    const seen: unknown[] = [];
    class Handlers {
      @MessageHandler(topic)
      handle({ payload }: Message): void {
        seen.push(payload);
      }
    }
    @Module({ imports: [KafkaModule.forRoot(testOptions({ group, autoStart: false }))], providers: [Handlers] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger });
    try {
      const published = await app.get(Producer).publishBatch([
        { topic, value: '1', key: 'a' },
        { topic, value: '2', key: 'a' },
      ]);
      expect(published).toEqual([
        { topic, partition: 0, offset: '0' },
        { topic, partition: 0, offset: '1' },
      ]);
      expect(app.get(KafkaConsumerService).status()).toMatchObject({ running: false, state: 'switched-off' });
      expect(seen).toEqual([]);

      await app.get(KafkaConsumerService).start();

      await untilCommitted(group, topic, '2');
      expect(seen).toEqual([1, 2]);
    } finally {
      await app.close();
    }
  });

  it('can be stopped and started again', async () => {
    const topic = await createTopic(uniqueName('again'));
    const group = uniqueName('group');
    const seen: unknown[] = [];
    class Handlers {
      @MessageHandler(topic)
      handle({ payload }: Message): void {
        seen.push(payload);
      }
    }
    @Module({ imports: [KafkaModule.forRoot(testOptions({ group }))], providers: [Handlers] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger });
    const consumer = app.get(KafkaConsumerService);
    try {
      await produce(topic, ['1']);
      await eventually(() => expect(seen).toEqual([1]));
      await consumer.stop();
      await produce(topic, ['2']);
      await consumer.start();
      await eventually(() => expect(seen).toEqual([1, 2]));
    } finally {
      await app.close();
    }
  });
});
