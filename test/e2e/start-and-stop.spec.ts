import { describe, expect, it } from '@jest/globals';
import { Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { KafkaConsumerService, KafkaModule, MessageHandler } from '@things-kit/nestjs-kafka';
import { deferred } from '../support/deferred.js';
import { LogRecorder, startApplication, testOptions, untilAssigned } from '../support/application.js';
import { createTopic, uniqueName } from '../support/kafka.js';

describe('starting and stopping', () => {
  it('a start during a stop waits for it, and starts', async () => {
    const topic = await createTopic(uniqueName('again'));
    class Handlers {
      @MessageHandler(topic)
      handle(): void {}
    }
    const app = await startApplication({ group: uniqueName('group') }, [Handlers]);
    const consumer = app.get(KafkaConsumerService);
    await untilAssigned(app, 1);

    await Promise.all([consumer.stop(), consumer.stop(), consumer.start()]);
    await untilAssigned(app, 1);

    await Promise.all([app.close(), consumer.stop()]);
    expect(consumer.status()).toMatchObject({ running: false, joined: false, assignments: [] });
  });

  it('an application that is closed before its start is over consumes nothing', async () => {
    const topic = await createTopic(uniqueName('early'));
    const release = deferred();
    class Handlers implements OnApplicationBootstrap {
      @MessageHandler(topic)
      handle(): void {}
      onApplicationBootstrap(): Promise<void> {
        return release.promise;
      }
    }
    @Module({ imports: [KafkaModule.forRoot(testOptions({ group: uniqueName('group') }))], providers: [Handlers] })
    class AppModule {}
    const app = await Test.createTestingModule({ imports: [AppModule] })
      .setLogger(new LogRecorder())
      .compile();

    const started = app.init();
    const closed = app.close();
    release.resolve();
    await Promise.allSettled([started, closed]);

    expect(app.get(KafkaConsumerService).status()?.running ?? false).toBe(false);
  });
});
