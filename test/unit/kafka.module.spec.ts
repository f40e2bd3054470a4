import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Module, type INestApplicationContext, type ModuleMetadata, type Provider } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import {
  Consumer,
  getKafkaConsumerToken,
  getKafkaProducerToken,
  InjectKafkaConsumer,
  InjectKafkaProducer,
  KafkaConfigError,
  kafkaConfig,
  KafkaConsumerService,
  KafkaModule,
  type KafkaOptions,
  type KafkaOptionsFactory,
  KafkaProducer,
  MessageHandler,
  Producer,
} from '@things-kit/nestjs-kafka';
import { KAFKA_SETTINGS } from '../../lib/kafka.constants.js';
import { LogRecorder } from '../support/application.js';

const options: KafkaOptions = { brokers: ['127.0.0.1:1'], group: 'orders', autoStart: false };

let app: INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function boot(imports: ModuleMetadata['imports'], providers: Provider[] = []): Promise<INestApplicationContext> {
  const testing = await Test.createTestingModule({ imports, providers }).setLogger(new LogRecorder()).compile();
  return (app = await testing.init());
}

function settings(): unknown {
  return app!.get(KAFKA_SETTINGS, { strict: false });
}

describe('KafkaModule.forRoot', () => {
  it('provides consumer and producer under their classes and tokens', async () => {
    await boot([KafkaModule.forRoot(options)]);

    expect(app!.get(Consumer)).toBeInstanceOf(KafkaConsumerService);
    expect(app!.get(Consumer)).toBe(app!.get(KafkaConsumerService));
    expect(app!.get(getKafkaConsumerToken())).toBe(app!.get(Consumer));
    expect(app!.get(Producer)).toBeInstanceOf(KafkaProducer);
    expect(app!.get(getKafkaProducerToken())).toBe(app!.get(Producer));
  });

  it('stops the start with every fault of the options', async () => {
    const wrong = { brokers: ['kafka'], group: 'orders', autoComit: true } as unknown as KafkaOptions;

    const error = await boot([KafkaModule.forRoot(wrong)]).catch((error: unknown) => error);

    expect(error).toBeInstanceOf(KafkaConfigError);
    expect((error as KafkaConfigError).faults.map(({ path }) => path).toSorted()).toEqual(['autoComit', 'brokers[0]']);
  });

  it('makes connections of several names, each with tokens of its own', async () => {
    @Injectable()
    class Uses {
      constructor(
        @InjectKafkaProducer('analytics') readonly analytics: Producer,
        @InjectKafkaProducer() readonly main: Producer,
        @InjectKafkaConsumer('analytics') readonly consumer: Consumer,
      ) {}
    }
    await boot([KafkaModule.forRoot(options), KafkaModule.forRoot({ ...options, name: 'analytics' })], [Uses]);

    const { analytics, main, consumer } = app!.get(Uses);

    expect(analytics).toBeInstanceOf(KafkaProducer);
    expect(analytics).not.toBe(main);
    expect(consumer).not.toBe(app!.get(Consumer));
    expect(consumer).toBe(app!.get(getKafkaConsumerToken('analytics')));
  });

  it('is seen by every module with isGlobal, and only where it is imported without', async () => {
    @Injectable()
    class Uses {
      constructor(readonly producer: Producer) {}
    }
    @Module({ providers: [Uses] })
    class FeatureModule {}

    await boot([KafkaModule.forRoot({ ...options, isGlobal: true }), FeatureModule]);
    expect(app!.get(Uses, { strict: false }).producer).toBeInstanceOf(KafkaProducer);
    await app!.close();

    await expect(boot([KafkaModule.forRoot(options), FeatureModule])).rejects.toThrow(/Producer/);
  });
});

describe('KafkaModule.forRootAsync', () => {
  it('takes options from a factory with injected providers', async () => {
    const config = ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => ({ servers: '127.0.0.1:2' })] });
    await boot([
      KafkaModule.forRootAsync({
        imports: [config],
        inject: [ConfigService],
        useFactory: (service: ConfigService) => ({ ...options, brokers: [service.get<string>('servers')!] }),
      }),
    ]);

    expect(settings()).toMatchObject({ brokers: ['127.0.0.1:2'], autoCommit: true });
  });

  it('takes options from a class, new or existing', async () => {
    @Injectable()
    class Factory implements KafkaOptionsFactory {
      createKafkaOptions(): Promise<KafkaOptions> {
        return Promise.resolve({ ...options, group: 'of the class' });
      }
    }
    @Module({ providers: [Factory], exports: [Factory] })
    class FactoryModule {}

    await boot([KafkaModule.forRootAsync({ useClass: Factory })]);
    expect(settings()).toMatchObject({ group: 'of the class' });
    await app!.close();

    await boot([KafkaModule.forRootAsync({ imports: [FactoryModule], useExisting: Factory })]);
    expect(settings()).toMatchObject({ group: 'of the class' });
  });

  describe('without options of its own', () => {
    let directory: string;
    const environment = process.env;
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'kafka-config-'));
      const file = join(directory, 'kafka.yaml');
      writeFileSync(file, 'kafka:\n  brokers: [127.0.0.1:3]\n  group: of the file\n  auto_start: false\n');
      process.env = { ...environment, KAFKA_CONFIG_FILE: file, KAFKA_GROUP: 'of the environment', KAFKA_BROKERS: '' };
    });
    afterEach(() => {
      process.env = environment;
      rmSync(directory, { recursive: true, force: true });
    });

    it.each([
      ['forRoot()', () => KafkaModule.forRoot()],
      ['forRootAsync()', () => KafkaModule.forRootAsync()],
      ['forRootAsync({ isGlobal: true })', () => KafkaModule.forRootAsync({ isGlobal: true })],
      ['forRootAsync(kafkaConfig.asProvider())', () => KafkaModule.forRootAsync(kafkaConfig.asProvider())],
    ])('%s reads the file, and the environment over it', async (_call, module) => {
      await boot([module()]);

      expect(settings()).toMatchObject({ brokers: ['127.0.0.1:3'], group: 'of the environment', autoStart: false });
    });
  });
});

describe('a testing module', () => {
  class Handlers {
    @MessageHandler('orders')
    handle(): void {}
  }

  it.each([
    ['Consumer', Consumer],
    ['KafkaConsumerService', KafkaConsumerService],
    ['getKafkaConsumerToken()', getKafkaConsumerToken()],
  ])('overrides the consumer by %s, and nothing connects', async (_name, token) => {
    const consumer = { start: jest.fn(() => Promise.resolve()), stop: jest.fn(() => Promise.resolve()) };
    const real = jest.spyOn(KafkaConsumerService.prototype, 'start');
    const testing = await Test.createTestingModule({
      imports: [KafkaModule.forRoot({ ...options, autoStart: true })],
      providers: [Handlers],
    })
      .setLogger(new LogRecorder())
      .overrideProvider(token)
      .useValue(consumer)
      .compile();

    app = await testing.init();
    expect(app.get(token)).toBe(consumer);
    expect(consumer.start).toHaveBeenCalledTimes(1);
    await app.close();

    expect(consumer.stop).toHaveBeenCalledTimes(1);
    expect(real).not.toHaveBeenCalled();
  });

  it('overrides the producer by its token', async () => {
    const producer = { publish: jest.fn(), publishBatch: jest.fn(), close: jest.fn() };
    const testing = await Test.createTestingModule({ imports: [KafkaModule.forRoot(options)] })
      .overrideProvider(Producer)
      .useValue(producer)
      .compile();

    app = await testing.init();

    expect(app.get(getKafkaProducerToken())).toBe(producer);
  });
});

describe('handlers without a group', () => {
  class Handlers {
    @MessageHandler('orders')
    handle(): void {}
  }

  it('stop the start of a consuming application, and leave others alone', async () => {
    const groupless = { brokers: options.brokers, autoStart: false };

    await expect(boot([KafkaModule.forRoot({ ...groupless, autoStart: true })], [Handlers])).rejects.toThrow(
      'Handlers need a consumer group: set the option group',
    );
    await boot([KafkaModule.forRoot(groupless)], [Handlers]);
    await boot([KafkaModule.forRoot({ ...groupless, autoStart: true })]);
  });
});

describe('handlers of a connection that no module makes', () => {
  class Handlers {
    @MessageHandler('orders', { connection: 'analitics' })
    handle(): void {}

    @MessageHandler('orders')
    other(): void {}
  }

  it.each([
    ['default', 'handle', 'analitics'],
    ['analytics', 'other', 'default'],
  ])('stop the start: there is %s', async (name, method, connection) => {
    await expect(boot([KafkaModule.forRoot({ ...options, name })], [Handlers])).rejects.toThrow(
      `Handlers.${method} is of the connection "${connection}", which no KafkaModule makes (there is "${name}"); ` +
        'correct its connection, or the name given to forRoot',
    );
  });

  it('start with all of them', async () => {
    await boot(
      ['default', 'analitics'].map((name) => KafkaModule.forRoot({ ...options, name })),
      [Handlers],
    );
  });
});
