import { describe, expect, it } from '@jest/globals';
import type { ConsumedRecord } from '../../../../lib/engine/client/consumer-client.js';
import { joinHeaders } from '../../../../lib/engine/recovery/recovery-headers.js';
import {
  concerns,
  filterId,
  matches,
  type DeadLetterFilter,
} from '../../../../lib/engine/redrive/dead-letter-filter.js';
import { deadLetterOf, redriven } from '../../../../lib/engine/redrive/dead-letter.js';
import { record } from '../../../support/records.js';

const values = {
  'original-topic': 'orders',
  'original-partition': '4',
  'original-offset': '42',
  'original-timestamp': '2026-01-01T00:00:00.000Z',
  'original-group': 'billing',
  'original-handler': 'Orders.created',
  attempts: '3',
  timestamp: '2026-01-01T00:01:00.000Z',
  error: 'boom',
  'error-class': 'TypeError',
  'error-stack': 'at …',
};
const own = [['trace', Buffer.from('abc')] as const];
const redrive = {
  'redrive-topic': 'orders',
  'redrive-group': 'billing',
  'redrive-handler': 'Orders.created',
  'redrive-count': '2',
};

function stored(fields: Partial<ConsumedRecord> = {}, extra: Record<string, string> = {}) {
  const headers = joinHeaders(joinHeaders(own, extra), values);
  return record({
    topic: 'orders.dlq',
    partition: 1,
    offset: 7,
    timestamp: 1_000,
    key: Buffer.from('k'),
    headers,
    ...fields,
  });
}

describe('A dead letter', () => {
  it('tells what its headers tell', () => {
    expect(deadLetterOf(stored())).toMatchObject({
      headers: own,
      originalTopic: 'orders',
      originalPartition: 4,
      originalOffset: '42',
      originalTimestamp: new Date('2026-01-01T00:00:00Z'),
      group: 'billing',
      handler: 'Orders.created',
      attempts: 3,
      error: 'boom',
      errorClass: 'TypeError',
      errorStack: 'at …',
      redrives: 0,
    });
  });

  it('is none that does not say where it comes from', () => {
    expect(deadLetterOf(record({ headers: own }))).toBeUndefined();
  });

  it('is redriven as it was, for who gave it up, and counted', () => {
    const { topic, key, headers, preferredPartition } = redriven(deadLetterOf(stored())!);

    expect({ topic, key: String(key), preferredPartition }).toEqual({
      topic: 'orders',
      key: 'k',
      preferredPartition: 4,
    });
    expect(headers).toEqual(joinHeaders(own, { ...redrive, 'redrive-count': '1' }));
  });

  it('that was redriven before has that replaced', () => {
    const letter = deadLetterOf(stored({}, redrive))!;

    expect(letter.redrives).toBe(2);
    expect(letter.headers).toEqual(own);
    expect(redriven(letter).headers).toEqual(joinHeaders(own, { ...redrive, 'redrive-count': '3' }));
  });

  it('counts from nothing where the count is none', () => {
    expect(deadLetterOf(stored({}, { ...redrive, 'redrive-count': 'many' }))!.redrives).toBe(0);
  });
});

describe('A filter', () => {
  it.each<[DeadLetterFilter, boolean]>([
    [{}, true],
    [{ errorClass: 'TypeError', originalTopic: 'orders', group: 'billing', handler: 'Orders.created' }, true],
    [{ errorClass: 'RangeError' }, false],
    [{ originalTopic: 'payments' }, false],
    [{ group: 'shipping' }, false],
    [{ handler: 'Orders.updated' }, false],
    [{ key: 'k' }, true],
    [{ key: '' }, false],
    [{ headers: { trace: 'abc' } }, true],
    [{ headers: { trace: 'abd' } }, false],
    [{ headers: { trace: 'abc', error: 'boom' } }, false],
    [{ from: new Date(1_000) }, true],
    [{ from: new Date(1_001) }, false],
    [{ to: new Date(1_001) }, true],
    [{ to: new Date(1_000) }, false],
    [{ fromOffset: 7, toOffset: 8 }, true],
    [{ fromOffset: 8 }, false],
    [{ toOffset: 7 }, false],
  ])('%j matches: %s', (filter, expected) => {
    expect(matches(deadLetterOf(stored())!, filter)).toBe(expected);
  });

  it('looks for a header among all, also those without a value', () => {
    const headers = joinHeaders([['none', null], ...own, ...joinHeaders([], { type: 'x' })], values);
    const letter = deadLetterOf(record({ headers, key: null }))!;

    expect(matches(letter, { headers: { type: 'x' } })).toBe(true);
    expect(matches(letter, { headers: { type: 'abc' } })).toBe(false);
    expect(matches(letter, { headers: { none: '' } })).toBe(false);
    expect(matches(letter, { key: 'k' })).toBe(false);
  });

  it('concerns all partitions, or one', () => {
    expect([0, 1].map((partition) => concerns(partition, {}))).toEqual([true, true]);
    expect([0, 1].map((partition) => concerns(partition, { partition: 1 }))).toEqual([false, true]);
  });

  it('has an id that depends on what it says, and not on how', () => {
    const one: DeadLetterFilter = { key: 'k', errorClass: 'E', headers: { a: '1', b: '2' }, group: undefined };
    const same: DeadLetterFilter = { errorClass: 'E', headers: { b: '2', a: '1' }, key: 'k' };
    const others: DeadLetterFilter[] = [
      {},
      { key: 'k' },
      { key: 'E', errorClass: 'k' },
      { ...same, headers: { a: '2', b: '1' } },
      { from: new Date(1) },
      { from: new Date(2) },
      { to: new Date(1) },
    ];

    expect(filterId(one)).toBe(filterId(same));
    expect(filterId(one)).toMatch(/^[0-9a-f]{12}$/);
    expect(new Set([same, ...others].map(filterId)).size).toBe(others.length + 1);
  });
});
