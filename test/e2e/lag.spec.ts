import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { Transaction } from 'kafkajs';
import {
  KafkaConsumerService,
  type Message,
  MessageHandler,
  type MessageHandlerOptions,
} from '@things-kit/nestjs-kafka';
import { startApplication, untilAssigned } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { client, createTopic, produce, uniqueName } from '../support/kafka.js';

describe('the lag', () => {
  let app: INestApplicationContext;
  afterEach(async () => app?.close());

  async function consuming(
    options: MessageHandlerOptions = {},
    handle: (message: Message) => unknown = () => undefined,
  ) {
    const topic = await createTopic(uniqueName('lag'), 2);
    class Orders {
      @MessageHandler(topic, options)
      handle(message: Message): unknown {
        return handle(message);
      }
    }
    app = await startApplication({ group: uniqueName('group') }, [Orders]);
    await untilAssigned(app);
    return { topic, consumer: app.get(KafkaConsumerService) };
  }

  /** By partition name. */
  async function lags(consumer: KafkaConsumerService): Promise<Record<string, number>> {
    const measured = await consumer.lag();
    return Object.fromEntries(measured.map(({ topic, partition, lag }) => [`${topic}-${partition}`, lag]));
  }

  it('is what is not completed, and 0 in the end', async () => {
    const { topic, consumer } = await consuming();
    consumer.pause();
    await produce(
      topic,
      [0, 0, 1].map((partition) => ({ partition, value: 'x' })),
    );
    await eventually(async () => expect(await lags(consumer)).toEqual({ [`${topic}-0`]: 2, [`${topic}-1`]: 1 }));

    consumer.resume();

    await eventually(async () => expect(await lags(consumer)).toEqual({ [`${topic}-0`]: 0, [`${topic}-1`]: 0 }));
    const [first] = await consumer.lag();
    expect(first).toMatchObject({ topic, group: consumer.status()!.group, position: first!.end });
  });

  it('counts what waits in retry topics', async () => {
    const fails = (): never => {
      throw new Error('not now');
    };
    const { topic, consumer } = await consuming({ retryTopics: ['1m'] }, fails);
    await produce(topic, ['x']);
    await eventually(async () => {
      const ofRetryTopic = (await consumer.lag()).filter((one) => one.topic !== topic);
      expect(ofRetryTopic.reduce((sum, { lag }) => sum + lag, 0)).toBe(1);
    });
  });

  it('becomes 0 behind aborted and open transactions', async () => {
    const { topic, consumer } = await consuming();
    const producer = client().producer({ transactionalId: uniqueName('tx'), idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const begin = async (): Promise<Transaction> => {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [0, 1].map((partition) => ({ partition, value: 'x' })) });
      return transaction;
    };
    try {
      await (await begin()).commit();
      await (await begin()).abort();
      const ends = async () => (await consumer.lag()).map(({ end, lag }) => [end, lag]);
      await eventually(async () =>
        expect(await ends()).toEqual([
          ['4', 0],
          ['4', 0],
        ]),
      ); // with the markers

      const open = await begin();
      expect(await ends()).toEqual([
        ['4', 0],
        ['4', 0],
      ]);

      await open.abort();
      await eventually(async () =>
        expect(await ends()).toEqual([
          ['6', 0],
          ['6', 0],
        ]),
      );
    } finally {
      await producer.disconnect();
    }
  });
});
