import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { type KafkaOptions, Producer, PublishError } from '@things-kit/nestjs-kafka';
import { EmbeddedKafka } from '@things-kit/nestjs-kafka/testing';
import { LogRecorder, startApplication } from '../../support/application.js';
import { eventually } from '../../support/eventually.js';

/** On an embedded broker of its own, whatever the run's broker is: it fails on demand. */
describe('what was published and is not stored yet', () => {
  let kafka: EmbeddedKafka;
  let app: INestApplicationContext;
  let producer: Producer;
  let logger: LogRecorder;
  const start = async (options: KafkaOptions['producer'] = {}): Promise<void> => {
    logger = new LogRecorder();
    app = await startApplication({ brokers: kafka.brokers, producer: options }, [], logger);
    producer = app.get(Producer);
  };
  const publish = (value: string) => producer.publish({ topic: 'orders', value });
  const stored = (): string[] => kafka.records('orders').map(({ value }) => String(value));
  const within = async (ms: number, action: () => Promise<unknown>): Promise<void> => {
    const begun = Date.now();
    await action();
    expect(Date.now() - begun).toBeLessThan(ms);
  };

  beforeEach(async () => {
    kafka = await EmbeddedKafka.start({ autoCreateTopics: false });
    kafka.createTopic('orders');
  });
  afterEach(async () => {
    await app.close();
    await kafka.stop();
  });

  it('is stored by flush, which lets nothing linger', async () => {
    await start({ lingerMs: 60_000 });
    void publish('1');
    void publish('2');

    await within(5_000, () => producer.flush());

    expect(stored()).toEqual(['1', '2']);
  });

  it('lingers again after a flush', async () => {
    await start({ lingerMs: 400 });
    void publish('1');
    await producer.flush();
    const begun = Date.now();

    await publish('2');

    expect(Date.now() - begun).toBeGreaterThanOrEqual(390);
  });

  it('has settled when flush resolves, failed or not; flush itself does not fail', async () => {
    await start();
    const settled: string[] = [];
    kafka.faults.delay('Produce', 200);
    void publish('1').then(() => settled.push('stored'));
    const missing = producer.publish({ topic: 'missing', value: 'x' });
    missing.catch(() => settled.push('failed'));

    await producer.flush();

    expect(settled.toSorted()).toEqual(['failed', 'stored']);
  });

  it('is none when nothing was published: flush and close resolve at once', async () => {
    await start();

    await within(500, () => producer.flush());
    await within(500, () => app.close());
  });

  it('is not waited for by a flush that was called before', async () => {
    await start();
    kafka.createTopic('slow');
    await publish('1');
    const flushed = producer.flush();
    const fault = kafka.faults.delay('Produce', 60_000);
    const late = publish('2').catch(() => undefined);

    await within(2_000, () => flushed);
    await eventually(() => fault.hits === 1);
    await kafka.stop();
    await app.close();
    await late;
  });

  it('is stored when the application closes, whatever lingers or waits for room', async () => {
    await start({ lingerMs: 60_000, maxBufferedBytes: 1_000 });
    const published = Array.from({ length: 50 }, (_, at) => publish(`${at} ${'x'.repeat(200)}`));

    await within(4_000, () => app.close());

    await Promise.all(published);
    expect(stored().map((value) => Number(value.split(' ')[0]))).toEqual(Array.from({ length: 50 }, (_, at) => at));
  });

  it('is told to be in doubt when the application closes and the broker does not answer', async () => {
    await start();
    kafka.faults.delay('Produce', 60_000, { times: Infinity });
    const outcome = publish('1').catch((error: unknown) => error);

    await within(7_000, () => app.close());

    expect(await outcome).toBeInstanceOf(PublishError);
    expect(((await outcome) as Error).message).toContain('it may or may not be stored');
    expect(logger.find('warn', 'which may or may not be stored: 1')).toHaveLength(1);
    expect(logger.find('log', 'Closed the producer')).toHaveLength(1);
  });

  it('cannot be published after the close', async () => {
    await start();
    await publish('1');
    await app.close();

    await expect(publish('2')).rejects.toThrow('the producer is closed; publish before the application has shut down');
    await expect(producer.publishBatch([{ topic: 'orders', value: '3' }])).rejects.toBeInstanceOf(PublishError);
    expect(stored()).toEqual(['1']);
    expect(logger.find('warn', 'stored')).toEqual([]);
    expect(logger.find('log', 'Closed the producer')).toHaveLength(1);
  });

  it('is nothing to tell of, where nothing was published', async () => {
    await start();
    await app.close();
    expect(logger.lines.filter(({ text }) => text.includes('producer'))).toEqual([]);
  });

  it('is serialised only as far as maxBufferedBytes reach, in order', async () => {
    let serialized = 0;
    const format = {
      deserialize: String,
      serialize: (value: unknown) => {
        serialized++;
        return Buffer.alloc(1_000, String(value));
      },
    };
    app = await startApplication({ brokers: kafka.brokers, format, producer: { maxBufferedBytes: 10_000 } }, []);
    producer = app.get(Producer);
    const held = kafka.faults.delay('Metadata', 500, { times: 1 });

    const published = Array.from({ length: 100 }, (_, at) => producer.publish({ topic: 'orders', value: at % 10 }));
    await eventually(() => held.hits === 1);
    expect(serialized).toBe(10);
    await Promise.all(published);

    expect(serialized).toBe(100);
    expect(stored().map((value) => Number(value[0]))).toEqual(Array.from({ length: 100 }, (_, at) => at % 10));
  });
});
