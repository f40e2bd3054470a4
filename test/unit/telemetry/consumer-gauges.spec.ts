import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HandlerRegistry } from '../../../lib/consumer/handler.registry.js';
import type { KafkaConsumerService } from '../../../lib/consumer/kafka-consumer.service.js';
import type { PartitionLag } from '../../../lib/engine/partition-lag.js';
import { ConsumerGauges } from '../../../lib/telemetry/consumer-gauges.js';
import { CollectedMetrics } from '../../support/telemetry.js';
import { partitionStatus } from '../health/statuses.js';

describe('the gauges of a consumer', () => {
  let collected: CollectedMetrics;
  beforeEach(() => {
    collected = CollectedMetrics.start();
  });
  afterEach(() => collected.stop());

  async function gaugesWith(lag: () => Promise<PartitionLag[]>): Promise<ConsumerGauges> {
    const consumer = { assignments: () => [partitionStatus()], status: () => undefined, lag };
    const registry = { bind: () => new Map() };
    const gauges = new ConsumerGauges(
      consumer as unknown as KafkaConsumerService,
      registry as unknown as HandlerRegistry,
      'default',
    );
    await gauges.onApplicationBootstrap();
    return gauges;
  }

  const toldNow = async () => {
    const told = [...(await collected.collect()).values()].filter(({ dataPoints }) => dataPoints.length > 0);
    return told.map(({ descriptor }) => descriptor.name);
  };

  it.each([
    ['cannot tell how far it is behind', () => Promise.reject(new Error('no broker answers'))],
    ['do not answer', () => new Promise<never>(() => undefined)],
  ])('are told but for the lag where brokers %s', async (_, lag) => {
    await gaugesWith(lag);

    const told = await toldNow();

    expect(told).toContain('kafka.consumer.messages.open');
    expect(told).not.toContain('kafka.consumer.lag');
  });

  it('are told until the application has ended', async () => {
    const gauges = await gaugesWith(() => Promise.resolve([]));
    expect(await toldNow()).toContain('kafka.consumer.messages.open');

    gauges.beforeApplicationShutdown();

    expect(await toldNow()).toEqual([]);
  });

  it('are none without an SDK', async () => {
    collected.stop();
    const gauges = await gaugesWith(() => Promise.reject(new Error('not asked')));

    expect(await toldNow()).toEqual([]);
    gauges.beforeApplicationShutdown();
  });
});
