import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Message, MessageHandler, Producer, PublishError } from '@things-kit/nestjs-kafka';
import { EmbeddedKafka } from '@things-kit/nestjs-kafka/testing';
import { LogRecorder, startApplication, untilAssigned } from '../../support/application.js';
import { eventually } from '../../support/eventually.js';

/** On an embedded broker of its own, whatever the run's broker is: it fails on demand. */
describe('brokers in trouble', () => {
  let kafka: EmbeddedKafka;
  const seen: unknown[] = [];
  class Reader {
    @MessageHandler(['orders', 'payments'])
    handle({ topic, payload }: Message): void {
      seen.push(`${topic} ${String(payload)}`);
    }
  }
  beforeEach(async () => {
    seen.length = 0;
    kafka = await EmbeddedKafka.start({ brokers: 2, autoCreateTopics: false });
    kafka.createTopic({ name: 'orders', partitions: 2, replicationFactor: 1 });
    kafka.createTopic({ name: 'payments', partitions: 1, replicationFactor: 1 });
  });
  afterEach(() => kafka.stop());

  it('a partition without a leader keeps no other waiting, and is read once it has one', async () => {
    const away = kafka.leader('orders', 1)!;
    const present = kafka.leader('orders', 0)!;
    await kafka.stopBroker(away);
    const logger = new LogRecorder();
    const app = await startApplication({ brokers: [kafka.brokers[present - 1]!], group: 'billing' }, [Reader], logger);
    kafka.produce('orders', [{ value: '0', partition: 0 }]);
    await eventually(() => expect(seen).toContain('orders 0'));
    expect(logger.find('warn', 'No position yet for')[0]).toContain('orders-1');

    await kafka.startBroker(away);
    kafka.produce('orders', [{ value: '1', partition: 1 }]);
    await eventually(() => expect(seen).toContain('orders 1'));
    expect(logger.find('error', '')).toEqual([]);
    await app.close();
  });

  it('a commit that the coordinator refuses is tried again, the first one too', async () => {
    kafka.faults.fail('OffsetCommit', { error: 'NOT_COORDINATOR_FOR_GROUP', group: 'billing', times: 3 });
    const app = await startApplication({ brokers: kafka.brokers, group: 'billing' }, [Reader]);
    kafka.produce('payments', [{ value: '1' }]);

    await kafka.until(() => kafka.committed('billing', 'payments').some(({ offset }) => offset === '1'));

    await app.close();
  });

  it('a broker that does not answer a publish does not hold up the shutdown', async () => {
    kafka.faults.delay('Produce', 60_000, { times: 100 });
    const app = await startApplication({ brokers: kafka.brokers, group: 'billing' }, [Reader]);
    await untilAssigned(app, 3);
    const published = app.get(Producer).publish({ topic: 'orders', value: '1' });
    const outcome = published.catch((error: unknown) => error);

    const start = Date.now();
    await app.close();

    expect(Date.now() - start).toBeLessThan(7_000);
    await kafka.stop();
    expect(await outcome).toBeInstanceOf(PublishError);
  });
});
