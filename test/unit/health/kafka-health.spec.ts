import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { KafkaModule, MessageHandler, MessagingError, type KafkaOptions } from '@things-kit/nestjs-kafka';
import { KafkaHealth, KafkaHealthIndicator, KafkaHealthModule } from '@things-kit/nestjs-kafka/health';
import { LogRecorder } from '../../support/application.js';

describe('KafkaHealth', () => {
  let app: INestApplicationContext | undefined;
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  const options: KafkaOptions = { brokers: ['127.0.0.1:1'], group: 'billing', autoStart: false };

  const connections = [KafkaModule.forRoot(options), KafkaModule.forRoot({ ...options, name: 'analytics' })];

  class Orders {
    @MessageHandler('orders')
    created(): void {}
  }

  class Clicks {
    @MessageHandler('clicks', { connection: 'analytics', group: 'clicks' })
    clicked(): void {}
  }

  async function healthIn(metadata: ModuleMetadata): Promise<KafkaHealth> {
    const imports = [KafkaHealthModule, ...(metadata.imports ?? [])];
    const testing = await Test.createTestingModule({ ...metadata, imports })
      .setLogger(new LogRecorder())
      .compile();
    app = await testing.init();
    return app.get(KafkaHealth);
  }

  it('covers every group of every connection', async () => {
    const health = await healthIn({ imports: connections, providers: [Orders, Clicks] });

    for (const report of [health.startup(), health.readiness(), health.liveness()]) {
      expect(report.status).toBe('up');
      expect(report.groups.map(({ connection, group }) => `${connection} ${group}`)).toEqual([
        'default billing',
        'analytics clicks',
      ]);
      expect(report.reasons).toEqual([
        'group "billing": autoStart is false, and nobody has called start()',
        'group "clicks" of connection "analytics": autoStart is false, and nobody has called start()',
      ]);
    }
  });

  it('has nothing against a connection without handlers, nor an application without any', async () => {
    const health = await healthIn({ imports: [KafkaModule.forRoot(options)] });
    expect(health.readiness()).toEqual({
      status: 'up',
      reasons: ['connection "default" has no handlers: nothing to consume'],
      groups: [],
    });
    await app!.close();

    expect((await healthIn({})).readiness()).toMatchObject({ status: 'up', reasons: ['no KafkaModule is imported'] });
  });

  it('is down while the application has not started', async () => {
    const imports = [KafkaHealthModule, ...connections];
    const testing = await Test.createTestingModule({ imports, providers: [Orders, Clicks] })
      .setLogger(new LogRecorder())
      .compile();
    app = testing;

    expect(testing.get(KafkaHealth).startup()).toMatchObject({
      status: 'down',
      reasons: ['connection "default" has not been started yet', 'connection "analytics" has not been started yet'],
    });
  });

  it('tells the same in the form of Terminus, under the key that is asked for', async () => {
    const health = await healthIn({ imports: [KafkaModule.forRoot(options)], providers: [Orders] });
    const indicator = app!.get(KafkaHealthIndicator);

    expect(indicator.startup()).toEqual({ kafka: health.startup() });
    expect(indicator.readiness('broker')).toEqual({ broker: health.readiness() });
    expect(indicator.liveness('broker')).toEqual({ broker: health.liveness() });
  });

  it('refuses a limit that is none', async () => {
    const imports = [KafkaHealthModule.forRoot({ stallLimitMs: 0 })];

    await expect(Test.createTestingModule({ imports }).setLogger(new LogRecorder()).compile()).rejects.toThrow(
      new MessagingError('KafkaHealthModule: expected stallLimitMs to be a number of ms above 0, got 0'),
    );
  });
});
