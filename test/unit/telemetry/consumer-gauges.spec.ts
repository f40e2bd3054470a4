import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { HandlerRegistry } from '../../../lib/consumer/handler.registry.js';
import type { KafkaConsumerService } from '../../../lib/consumer/kafka-consumer.service.js';
import type { PartitionStatus } from '../../../lib/engine/consumer-status.js';
import type { PartitionLag } from '../../../lib/engine/partition-lag.js';
import { ConsumerGauges } from '../../../lib/telemetry/consumer-gauges.js';
import { CollectedMetrics } from '../../support/telemetry.js';
import { partitionStatus } from '../health/statuses.js';

const open = 'kafka.consumer.messages.open';
const lag = 'kafka.consumer.lag';

describe('the gauges of a consumer', () => {
  let collected: CollectedMetrics;
  let gauges: ConsumerGauges;
  const consumer = {
    assignments: (): PartitionStatus[] => [partitionStatus({ open: 7 })],
    status: (): { restarts: number } | undefined => undefined,
    lag: (): Promise<PartitionLag[]> => Promise.resolve([]),
  };
  beforeAll(() => {
    Logger.overrideLogger(false);
  });
  beforeEach(async () => {
    collected = CollectedMetrics.start();
    consumer.assignments = () => [partitionStatus({ open: 7 })];
    consumer.lag = () => Promise.resolve([{ ...partitionStatus(), end: '47', lag: 5 }]);
    gauges = await startedGauges();
  });
  afterEach(() => {
    gauges.beforeApplicationShutdown();
    collected.stop();
  });

  async function startedGauges(of = consumer): Promise<ConsumerGauges> {
    const registry = { bind: () => new Map([['billing', undefined]]) };
    const gauges = new ConsumerGauges(
      of as unknown as KafkaConsumerService,
      registry as unknown as HandlerRegistry,
      'default',
    );
    await gauges.onApplicationBootstrap();
    return gauges;
  }

  const numbers = async (name: string) => (await collected.numbers(name)).map(([number]) => number);

  it.each([
    ['cannot tell how far it is behind', () => Promise.reject(new Error('no broker answers'))],
    ['do not answer', () => new Promise<never>(() => undefined)],
    ['tell it of other partitions only', () => Promise.resolve([])],
  ])('leave out the lag where brokers %s, and nothing else', async (_, asked) => {
    consumer.lag = asked;

    expect(await numbers(lag)).toEqual([]);
    expect(await numbers(open)).toEqual([7]);
  });

  it('tell the last lag that is known', async () => {
    expect(await numbers(lag)).toEqual([5]);

    consumer.lag = () => Promise.reject(new Error('no broker answers'));

    expect(await numbers(lag)).toEqual([5]);
  });

  it('tell 0 of a partition that another process has now', async () => {
    expect(await numbers(open)).toEqual([7]);
    expect(await numbers(lag)).toEqual([5]);

    consumer.assignments = () => [];
    consumer.lag = () => Promise.resolve([]);

    expect(await numbers(open)).toEqual([0]);
    expect(await numbers(lag)).toEqual([0]);
  });

  it('tell 0 once the application has ended', async () => {
    expect(await numbers(open)).toEqual([7]);

    gauges.beforeApplicationShutdown();

    expect(await numbers(open)).toEqual([0]);
  });

  it('add up the restarts of the applications of a process, also of those that have ended', async () => {
    const restarts = { first: 2, second: 1 };
    const first = await startedGauges({ ...consumer, status: () => ({ restarts: restarts.first }) });
    const second = await startedGauges({ ...consumer, status: () => ({ restarts: restarts.second }) });
    expect(await numbers('kafka.consumer.restarts')).toEqual([3]);

    restarts.first = 4;
    first.beforeApplicationShutdown();
    expect(await numbers('kafka.consumer.restarts')).toEqual([5]);
    second.beforeApplicationShutdown();
    expect(await numbers('kafka.consumer.restarts')).toEqual([5]);
  });

  it('are none without an SDK', async () => {
    gauges.beforeApplicationShutdown();
    collected.stop();
    collected = CollectedMetrics.start();
    collected.stop();

    await startedGauges();

    expect(await numbers(open)).toEqual([]);
  });
});
