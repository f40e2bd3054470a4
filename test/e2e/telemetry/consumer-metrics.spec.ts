import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import { KafkaConsumerService, MessageHandler } from '@things-kit/nestjs-kafka';
import { startApplication, untilAssigned } from '../../support/application.js';
import { deferred } from '../../support/deferred.js';
import { eventually } from '../../support/eventually.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../../support/kafka.js';
import { CollectedMetrics } from '../../support/telemetry.js';

describe('the metrics of a consumer', () => {
  let topic: string;
  let group: string;
  let collected: CollectedMetrics;
  let app: INestApplicationContext;
  let release = deferred<void>();
  beforeEach(async () => {
    collected = CollectedMetrics.start();
    topic = await createTopic(uniqueName('orders'));
    group = uniqueName('group');
    release = deferred<void>();
  });
  afterEach(async () => {
    release.resolve();
    await app.close();
    collected.stop();
  });

  async function start(): Promise<void> {
    const { promise } = release;
    @Injectable()
    class Orders {
      @MessageHandler(topic)
      created(): Promise<void> {
        return promise;
      }
    }
    app = await startApplication({ group }, [Orders]);
    await untilAssigned(app, 1);
  }

  const inGroup = () => ({ 'messaging.system': 'kafka', 'messaging.consumer.group.name': group });
  const ofPartition = () => ({
    ...inGroup(),
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': '0',
  });

  it('tell of each partition how much waits, since when, and how far it is behind', async () => {
    await produce(topic, ['1', '2', '3']);
    await start();
    await eventually(() => app.get(KafkaConsumerService).assignments()[0]?.open === 3);
    app.get(KafkaConsumerService).pause(topic);

    expect(await collected.numbers('kafka.consumer.messages.open')).toEqual([[3, ofPartition()]]);
    expect(await collected.numbers('kafka.consumer.messages.running')).toEqual([[1, ofPartition()]]);
    const paused = { ...ofPartition(), 'kafka.consumer.pause.reason': 'application' };
    expect(await collected.numbers('kafka.consumer.partition.paused')).toEqual([[1, paused]]);
    expect(await collected.numbers('kafka.consumer.lag')).toEqual([[3, ofPartition()]]);
    expect(await collected.numbers('kafka.consumer.commit.metadata.utilization')).toEqual([[0, ofPartition()]]);
    expect(await collected.numbers('kafka.consumer.restarts')).toEqual([[0, inGroup()]]);
    const [[age, attributes]] = (await collected.numbers('kafka.consumer.messages.open.max_age')) as [[number, object]];
    expect(attributes).toEqual(ofPartition());
    expect(age).toBeGreaterThan(0);
    expect(age).toBeLessThan(60);
  });

  it('count and time commits, and count changes of the assignment', async () => {
    await start();
    release.resolve();
    await produce(topic, ['1']);
    await untilCommitted(group, topic, '1');

    const [[commits, attributes]] = (await collected.numbers('kafka.consumer.commits')) as [[number, object]];
    expect(commits).toBeGreaterThan(0);
    expect(attributes).toEqual(inGroup());
    const [[duration, of]] = (await collected.histograms('messaging.client.operation.duration')) as [
      [Histogram, object],
    ];
    expect(duration.count).toBe(commits);
    expect(of).toEqual({
      ...inGroup(),
      'messaging.operation.name': 'commit',
      'messaging.operation.type': 'settle',
    });
    expect(await collected.numbers('kafka.consumer.rebalances')).toEqual([
      [1, { ...inGroup(), 'kafka.consumer.rebalance.change': 'assigned' }],
    ]);
  });

  it('have units', async () => {
    await produce(topic, ['1']);
    await start();
    await eventually(() => app.get(KafkaConsumerService).assignments()[0]?.open === 1);
    app.get(KafkaConsumerService).pause(topic);

    const units = [...(await collected.collect())].map(([name, { descriptor }]) => [name, descriptor.unit]);

    expect(Object.fromEntries(units)).toMatchObject({
      'kafka.consumer.messages.open': '{message}',
      'kafka.consumer.messages.open.max_age': 's',
      'kafka.consumer.partition.paused': '{partition}',
      'kafka.consumer.lag': '{message}',
      'kafka.consumer.restarts': '{restart}',
      'kafka.consumer.rebalances': '{rebalance}',
      'kafka.consumer.commit.metadata.utilization': '1',
    });
  });

  it('go on where an application is started anew in the process, and tell nothing of one that has ended', async () => {
    await produce(topic, ['1']);
    await start();
    release.resolve();
    await untilCommitted(group, topic, '1');
    await app.close();

    expect(await collected.numbers('kafka.consumer.messages.open')).toEqual([]);

    await start();
    await produce(topic, ['2']);
    await untilCommitted(group, topic, '2');
    expect((await collected.numbers('messaging.client.consumed.messages')).map(([count]) => count)).toEqual([2]);
  });
});
