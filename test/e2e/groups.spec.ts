import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { KafkaConsumerService, type Message, MessageHandler, MessagingError } from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

describe('handlers of several groups in one process', () => {
  let app: INestApplicationContext | undefined;
  afterEach(async () => app?.close());

  it('each get every record, at their own pace and with offsets of their own', async () => {
    const topic = await createTopic(uniqueName('orders'));
    const [main, audit] = [uniqueName('main'), uniqueName('audit')];
    const seen: Record<string, string[]> = { main: [], audit: [] };
    let blocked = true;
    class Orders {
      @MessageHandler(topic)
      created({ offset }: Message): void {
        seen.main!.push(offset);
      }

      @MessageHandler(topic, { group: audit, retry: { initialDelayMs: 20, maxDelayMs: 20 } })
      audited({ offset }: Message): void {
        if (blocked) throw new Error('not yet');
        seen.audit!.push(offset);
      }
    }
    await produce(topic, ['0', '1', '2']);
    app = await startApplication({ group: main }, [Orders]);
    const consumer = app.get(KafkaConsumerService);
    await untilCommitted(main, topic, '3');
    expect(seen).toEqual({ main: ['0', '1', '2'], audit: [] });
    expect(consumer.status()).toMatchObject({ group: main, handled: 3, open: 0 });
    expect(consumer.status(audit)).toMatchObject({ group: audit, handled: 0, open: 3 });
    expect(
      consumer
        .assignments()
        .map(({ group }) => group)
        .toSorted(),
    ).toEqual([main, audit].toSorted());
    expect(consumer.assignments(audit)).toHaveLength(1);

    blocked = false;
    await untilCommitted(audit, topic, '3');
    expect(seen.audit).toEqual(['0', '1', '2']);
    await consumer.seek(topic, 0, 1, audit);
    await eventually(() => expect(seen.audit).toEqual(['0', '1', '2', '1', '2']));
    expect(seen.main).toHaveLength(3);

    consumer.pause(topic, undefined, audit);
    await produce(topic, ['3']);
    await untilCommitted(main, topic, '4');
    expect(consumer.assignments(audit)[0]!.paused).toBe(true);
    expect(consumer.assignments(main)[0]!.paused).toBe(false);
    consumer.resume();
    await untilCommitted(audit, topic, '4');
    expect(() => consumer.pause(topic, undefined, 'nobody')).toThrow(MessagingError);
  });

  it('need no group of the connection if all have their own', async () => {
    const topic = await createTopic(uniqueName('orders'));
    const audit = uniqueName('audit');
    const seen: string[] = [];
    class Orders {
      @MessageHandler(topic, { group: audit })
      audited({ offset }: Message): void {
        seen.push(offset);
      }
    }
    await produce(topic, ['0']);
    app = await startApplication({}, [Orders]);

    await untilCommitted(audit, topic, '1');
    expect(app.get(KafkaConsumerService).status()).toMatchObject({ group: audit, handled: 1 });
  });

  it('take the names of topics from the configuration', async () => {
    const topic = await createTopic(uniqueName('orders'));
    const group = uniqueName('group');
    class Orders {
      @MessageHandler('${topics.orders}')
      created(): void {}
    }
    await produce(topic, ['0']);
    const config = ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => ({ topics: { orders: topic } })] });
    app = await startApplication({ group }, [Orders], new LogRecorder(), [config]);

    await untilCommitted(group, topic, '1');
  });
});
