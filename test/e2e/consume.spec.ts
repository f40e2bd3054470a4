import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { type HandlerContext, type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { startApplication, untilAssigned } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { client, createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

describe('consuming', () => {
  let app: INestApplicationContext | undefined;
  afterEach(async () => app?.close());

  it('delivers the records of two topics to two classes', async () => {
    const orders = await createTopic(uniqueName('orders'), 2);
    const payments = await createTopic(uniqueName('payments'));
    const group = uniqueName('group');
    const seen: string[] = [];
    @Injectable()
    class OrderHandler {
      @MessageHandler(orders)
      handle(message: Message<{ id: number }>): void {
        seen.push(`order ${message.payload.id}`);
      }
    }
    @Injectable()
    class PaymentHandler {
      @MessageHandler(payments)
      async handle(message: Message<{ id: number }>): Promise<void> {
        await Promise.resolve();
        seen.push(`payment ${message.payload.id}`);
      }
    }
    await produce(
      orders,
      [1, 2, 3].map((id) => ({ key: String(id), value: JSON.stringify({ id }) })),
    );
    await produce(payments, [JSON.stringify({ id: 9 })]);

    app = await startApplication({ group }, [OrderHandler, PaymentHandler]);

    await eventually(() => expect(seen.toSorted()).toEqual(['order 1', 'order 2', 'order 3', 'payment 9']));
    await untilCommitted(group, payments, '1');
  });

  it('gives the handler the record as it is', async () => {
    const topic = await createTopic(uniqueName('record'));
    const group = uniqueName('group');
    const timestamp = new Date('2026-01-02T03:04:05.678Z');
    let received: { message: Message; context: HandlerContext } | undefined;
    class Whole {
      @MessageHandler(topic)
      handle(message: Message, context: HandlerContext): void {
        received = { message, context };
      }
    }
    app = await startApplication({ group }, [Whole]);
    await produce(topic, [
      {
        key: Buffer.from([0, 255]),
        value: '{"a":1}',
        headers: { type: 'created', tag: ['x', 'y'] },
        timestamp: String(timestamp.getTime()),
      },
    ]);

    await eventually(() => received !== undefined);

    const { message, context } = received!;
    expect(message).toMatchObject({ topic, partition: 0, offset: '0', timestamp, payload: { a: 1 } });
    expect(message.key).toEqual(Buffer.from([0, 255]));
    expect(message.value).toEqual(Buffer.from('{"a":1}'));
    expect({ ...message.headers }).toEqual({ type: 'created', tag: ['x', 'y'] });
    expect(context).toMatchObject({ group, attempt: 1, handler: 'Whole.handle' });
    expect(context.signal.aborted).toBe(false);
  });

  it('hands tombstones on as null', async () => {
    const topic = await createTopic(uniqueName('tombstone'));
    const payloads: unknown[] = [];
    class Tombstones {
      @MessageHandler(topic)
      handle({ payload, value }: Message): void {
        payloads.push([payload, value]);
      }
    }
    app = await startApplication({ group: uniqueName('group') }, [Tombstones]);

    await produce(topic, [{ key: 'gone', value: null }]);

    await eventually(() => expect(payloads).toEqual([[null, null]]));
  });

  it('starts at the end of a topic that is new to the group, unless told otherwise', async () => {
    const topic = await createTopic(uniqueName('latest'));
    const group = uniqueName('group');
    const seen: unknown[] = [];
    class Latest {
      @MessageHandler(topic)
      handle({ payload }: Message): void {
        seen.push(payload);
      }
    }
    await produce(topic, ['1', '2']);
    app = await startApplication({ group, startFromBeginning: false }, [Latest]);
    await untilAssigned(app, 1);
    await untilCommitted(group, topic, '2');

    await produce(topic, ['3']);

    await eventually(() => expect(seen).toEqual([3]));
  });

  it('reads compressed records', async () => {
    const topic = await createTopic(uniqueName('gzip'));
    const seen: unknown[] = [];
    class Zipped {
      @MessageHandler(topic)
      handle({ payload }: Message): void {
        seen.push(payload);
      }
    }
    const producer = client().producer();
    await producer.connect();
    await producer.send({ topic, compression: 1, messages: ['1', '2', '3'].map((value) => ({ value })) });
    await producer.disconnect();

    app = await startApplication({ group: uniqueName('group') }, [Zipped]);

    await eventually(() => expect(seen).toEqual([1, 2, 3]));
  });
});
