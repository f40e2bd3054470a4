import { describe, expect, it } from '@jest/globals';
import type { PartitionStatus } from '../../../lib/engine/consumer-status.js';
import { progressFindings, restraintFindings } from '../../../lib/health/progress-findings.js';
import { groupStatus, partitionStatus } from './statuses.js';

const limitMs = 300_000;

describe('A partition', () => {
  it.each<[string, Partial<PartitionStatus>, 'fault' | 'note' | undefined, string?]>([
    ['with nothing to do', {}, undefined, ''],
    ['whose record is being handled', { open: 1, running: 1, stalledMs: 299_000 }, undefined, ''],
    [
      'whose handler does not settle',
      { open: 1, running: 1, stalledMs: 301_000 },
      'fault',
      'the handler of orders-0@42 has not settled, for 301 s',
    ],
    [
      'whose record fails',
      { open: 3, running: 1, stalledMs: 2_500, retries: 2 },
      'note',
      'orders-0@42 has failed 2 times and is tried again, all behind it waits, for 2.5 s',
    ],
    [
      'whose record fails for ever',
      { open: 3, stalledMs: 301_000, retries: 19 },
      'fault',
      'orders-0@42 has failed 19 times and is tried again, all behind it waits, for 301 s',
    ],
    [
      'whose record is not started',
      { open: 3, stalledMs: 301_000 },
      'fault',
      'orders-0@42 waits, and no handler runs, for 301 s',
    ],
    [
      'whose records are not fetched',
      { stalledMs: 301_000 },
      'fault',
      'there are records from orders-0@42 on, and none is fetched, for 301 s',
    ],
    [
      'whose commit fails',
      { commitTrouble: { forMs: 5_000, error: 'boom' } },
      'note',
      'commits up to orders-0@42 fail for 5.0 s: boom',
    ],
    [
      'whose commits fail for ever',
      { commitTrouble: { forMs: 301_000, error: 'boom' } },
      'fault',
      'commits up to orders-0@42 fail for 301 s: boom',
    ],
  ])('%s', (_, fields, kind, text) => {
    const findings = progressFindings([partitionStatus(fields)], limitMs);

    expect(findings).toEqual(kind ? [{ isFault: kind === 'fault', text }] : []);
  });
});

describe('What holds a consumer back', () => {
  it('is told, and is no fault', () => {
    const paused = Array.from({ length: 7 }, (_, partition) =>
      partitionStatus({ partition, paused: true, pausedFor: ['application'] }),
    );
    const waiting = partitionStatus({ partition: 9, pausedFor: ['backpressure'] });
    const status = groupStatus({ throttled: [{ broker: 'kafka-1:9092', ms: 300 }] });

    expect(restraintFindings(status, [...paused, waiting])).toEqual([
      { isFault: false, text: 'throttled by a quota of broker kafka-1:9092, by a pause of 300 ms' },
      {
        isFault: false,
        text: 'the application has paused orders-0, orders-1, orders-2, orders-3, orders-4 and 2 more',
      },
    ]);
    expect(restraintFindings(groupStatus(), [waiting])).toEqual([]);
  });
});
