import type { BatchObservableCallback, Meter, Observable } from '@opentelemetry/api';
import type { PartitionStatus } from '../engine/consumer-status.js';
import type { AttributeSets } from './attribute-sets.js';

type Read = (status: PartitionStatus) => number;

/** What is told of each partition that this process has. */
const gauges: readonly (readonly [name: string, unit: string, description: string, read: Read])[] = [
  [
    'kafka.consumer.messages.open',
    '{message}',
    'Messages taken from the broker and not completed',
    (status) => status.open,
  ],
  ['kafka.consumer.messages.running', '{message}', 'Messages in the hands of handlers', (status) => status.running],
  [
    'kafka.consumer.messages.open.max_age',
    's',
    'Time since the oldest open message was taken; 0 without any',
    (status) => status.oldestOpenMs / 1_000,
  ],
  [
    'kafka.consumer.partition.paused',
    '{partition}',
    'Whether the application has paused the partition: 1 or 0',
    (status) => Number(status.paused),
  ],
  [
    'kafka.consumer.commit.metadata.utilization',
    '1',
    'Used part of what the metadata of a commit holds',
    (status) => status.metadataFill,
  ],
];

/** @returns what ends it */
export function gaugePartitions(meter: Meter, sets: AttributeSets, statuses: () => PartitionStatus[]): () => void {
  const made = gauges.map(([name, unit, description, read]) => ({
    gauge: meter.createObservableGauge(name, { unit, description }),
    read,
  }));
  const instruments: Observable[] = made.map(({ gauge }) => gauge);
  const callback: BatchObservableCallback = (result) => {
    for (const status of statuses()) {
      const attributes = sets.partition(status.group, status.topic, status.partition);
      for (const { gauge, read } of made) result.observe(gauge, read(status), attributes);
    }
  };
  meter.addBatchObservableCallback(callback, instruments);
  return () => meter.removeBatchObservableCallback(callback, instruments);
}
