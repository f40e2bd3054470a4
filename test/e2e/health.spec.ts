import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import {
  type KafkaOptions,
  KafkaConsumerService,
  type Message,
  MessageHandler,
  type MessageHandlerOptions,
} from '@things-kit/nestjs-kafka';
import { KafkaHealthModule } from '@things-kit/nestjs-kafka/health';
import { startApplication, untilAssigned } from '../support/application.js';
import { deferred } from '../support/deferred.js';
import { untilHealth } from '../support/health.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

describe('the health of a consumer', () => {
  const apps: INestApplicationContext[] = [];
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });

  async function start(
    topic: string,
    handle: (message: Message) => unknown = () => undefined,
    handler: MessageHandlerOptions = {},
    options: Partial<KafkaOptions> = {},
  ): Promise<INestApplicationContext> {
    class Orders {
      @MessageHandler(topic, handler)
      created(message: Message): unknown {
        return handle(message);
      }
    }
    const health = KafkaHealthModule.forRoot({ stallLimitMs: 1_500 });
    const settings = { group: uniqueName('group'), shutdownTimeoutMs: 1_000, ...options };
    const app = await startApplication(settings, [Orders], undefined, [health]);
    apps.push(app);
    return app;
  }

  it('is up once its group is joined', async () => {
    const app = await start(await createTopic(uniqueName('health')));

    const report = await untilHealth(app, 'startup', 'up');
    await untilHealth(app, 'readiness', 'up');
    await untilHealth(app, 'liveness', 'up');

    expect(report.groups).toMatchObject([{ connection: 'default', state: 'consuming', partitions: 1, restarts: 0 }]);
  });

  it('is down while a handler does not settle after its timeout, and says where', async () => {
    const topic = await createTopic(uniqueName('health'));
    const settle = deferred();
    const group = uniqueName('group');
    const app = await start(topic, () => settle.promise, { handlerTimeoutMs: 100 }, { group });
    await produce(topic, ['1']);

    await untilHealth(app, 'liveness', 'down', `group "${group}": the handler of ${topic}-0@0 has not settled, for`);
    await untilHealth(app, 'readiness', 'up');

    settle.resolve();
    await untilCommitted(group, topic, '1');
    await untilHealth(app, 'liveness', 'up');
  });

  it('tells of a record that is tried again, and is down when that lasts too long', async () => {
    const topic = await createTopic(uniqueName('health'));
    let isMended = false;
    const handle = () => {
      if (!isMended) throw new Error('not yet');
    };
    const app = await start(topic, handle, { retry: { initialDelayMs: 200, maxDelayMs: 200, jitter: 'none' } });
    await untilAssigned(app);
    await produce(topic, ['1', '2']);

    await untilHealth(app, 'liveness', 'up', `${topic}-0@0 has failed`);
    await untilHealth(app, 'liveness', 'down', 'and is tried again, all behind it waits, for');

    isMended = true;
    await untilHealth(app, 'liveness', 'up');
  });

  it('is up while the application has paused it, and says so', async () => {
    const topic = await createTopic(uniqueName('health'));
    const app = await start(topic);
    await untilAssigned(app);
    const consumer = app.get(KafkaConsumerService);
    consumer.pause(topic);
    await produce(topic, ['1']);

    await untilHealth(app, 'readiness', 'up', `the application has paused ${topic}-0`);
    await untilHealth(app, 'liveness', 'up', `the application has paused ${topic}-0`);
    expect(consumer.status()!.paused).toEqual([{ topic, partition: 0, reasons: ['application'] }]);

    consumer.resume();
    await untilHealth(app, 'liveness', 'up');
  });

  it('is up without partitions, where the group has more members than partitions, and says so', async () => {
    const topic = await createTopic(uniqueName('health'));
    const group = uniqueName('group');
    const first = await start(topic, undefined, {}, { group });
    await untilHealth(first, 'readiness', 'up');
    const second = await start(topic, undefined, {}, { group });

    const text = 'all partitions are with other members: the group has more members than partitions';
    await untilHealth(second, 'startup', 'up', text);
    await untilHealth(second, 'readiness', 'up', text);
    await untilHealth(second, 'liveness', 'up', text);

    await first.close();
    await untilHealth(second, 'readiness', 'up');
  });

  it('is not ready, and alive, when a policy has ended it', async () => {
    const topic = await createTopic(uniqueName('health'));
    const fail = () => Promise.reject(new Error('never'));
    const app = await start(topic, fail, { onExhausted: 'stop', retry: { maxAttempts: 1 } });
    await untilAssigned(app);
    await produce(topic, ['1']);

    const text = `onExhausted: 'stop' has ended it, at a message of ${topic}-0`;
    await untilHealth(app, 'readiness', 'down', text);
    await untilHealth(app, 'liveness', 'up', text);
  });

  it('is up when the application has stopped it', async () => {
    const app = await start(await createTopic(uniqueName('health')));
    await untilHealth(app, 'readiness', 'up');
    await app.get(KafkaConsumerService).stop();

    await untilHealth(app, 'readiness', 'up', 'the application has stopped it');
    await untilHealth(app, 'liveness', 'up', 'the application has stopped it');
  });
});
