import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, type INestApplicationContext, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  BatchHandler,
  getKafkaConsumerToken,
  InjectKafkaProducer,
  type KafkaConsumerService,
  KafkaModule,
  type Message,
  MessageHandler,
  Producer,
} from '@things-kit/nestjs-kafka';
import { EmbeddedKafka } from '@things-kit/nestjs-kafka/testing';
import { LogRecorder, testOptions } from '../../support/application.js';
import { eventually } from '../../support/eventually.js';

/** On two clusters of their own. */
describe('a second connection', () => {
  let shop: EmbeddedKafka;
  let analytics: EmbeddedKafka;
  let app: INestApplicationContext;
  const seen: string[] = [];

  @Injectable()
  class Orders {
    constructor(
      @Inject(Producer) readonly producer: Producer,
      @InjectKafkaProducer('analytics') readonly analytics: Producer,
    ) {}

    @MessageHandler('orders')
    async created({ value }: Message): Promise<void> {
      seen.push(`shop ${value!.toString()}`);
      await this.analytics.publish({ topic: 'sales', value: value! });
    }

    @MessageHandler('sales', { connection: 'analytics', transactional: true, publishTo: 'totals' })
    sold({ value }: Message): string {
      seen.push(`analytics ${value!.toString()}`);
      return `total ${value!.toString()}`;
    }

    @BatchHandler('totals', { connection: 'analytics', group: 'audit', maxWaitMs: 10 })
    totalled(messages: Message[]): void {
      seen.push(...messages.map(({ value }) => `audit ${value!.toString()}`));
    }
  }

  beforeEach(async () => {
    [shop, analytics] = await Promise.all([EmbeddedKafka.start(), EmbeddedKafka.start()]);
    @Module({
      imports: [
        KafkaModule.forRoot(testOptions({ brokers: shop.brokers, group: 'billing', clientId: 'billing-client' })),
        KafkaModule.forRoot({
          name: 'analytics',
          ...testOptions({ brokers: analytics.brokers, group: 'reporting', clientId: 'reporting-client' }),
        }),
      ],
      providers: [Orders],
    })
    class Application {}
    shop.createTopic({ name: 'orders' });
    for (const name of ['sales', 'totals']) analytics.createTopic({ name });
    const testing = await Test.createTestingModule({ imports: [Application] })
      .setLogger(new LogRecorder())
      .compile();
    app = await testing.init();
  });
  afterEach(async () => {
    await app.close();
    await Promise.all([shop.stop(), analytics.stop()]);
  });

  it('consumes and publishes on a cluster of its own, under the names that were configured', async () => {
    await app.get(Orders).producer.publish({ topic: 'orders', value: 'a' });

    await eventually(() => seen.length === 3);

    expect(seen).toEqual(['shop a', 'analytics a', 'audit total a']);
    expect([shop.topics(), analytics.topics().toSorted()]).toEqual([['orders'], ['sales', 'totals']]);
    expect(shop.members('billing').map(({ clientId }) => clientId)).toEqual(['billing-client']);
    for (const group of ['reporting', 'audit'])
      expect(analytics.members(group).map(({ clientId }) => clientId)).toEqual(['reporting-client']);
    const second = app.get<KafkaConsumerService>(getKafkaConsumerToken('analytics'));
    expect(second.status('audit')).toMatchObject({ group: 'audit', joined: true, handled: 1 });
  });
});
