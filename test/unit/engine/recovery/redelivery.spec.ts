import { describe, expect, it } from '@jest/globals';
import type { ConsumedRecord } from '../../../../lib/engine/client/consumer-client.js';
import { joinHeaders } from '../../../../lib/engine/recovery/recovery-headers.js';
import { address } from '../../../../lib/engine/recovery/redelivery.js';
import { NonRetriableError } from '../../../../lib/messaging/errors.js';
import { handlerBinding } from '../../../support/handler-binding.js';
import { record } from '../../../support/records.js';

const first = handlerBinding({ name: 'Orders.first', deadLetter: {} });
const second = handlerBinding({ name: 'Orders.second' });
const handlers = [first, second];
const names = (addressed: { handlers: readonly { name: string }[] }): string[] =>
  addressed.handlers.map(({ name }) => name);

describe('A record of a topic', () => {
  it('goes to all handlers, as it is', () => {
    const plain = record({ offset: 3 });

    expect(address(plain, handlers, 'billing', false)).toEqual({ record: plain, handlers, attempts: 0, step: 0 });
  });

  it.each([
    ['billing', 'Orders.second', ['Orders.second']],
    ['billing', 'Orders.renamed', ['Orders.first', 'Orders.second']],
    ['billing', '', ['Orders.first', 'Orders.second']],
    ['shipping', 'Orders.second', []],
  ])('that was redriven for %s and "%s" goes to %j', (group, handler, expected) => {
    const headers = joinHeaders([], {
      'redrive-topic': 'orders',
      'redrive-group': group,
      'redrive-handler': handler,
      'redrive-count': '1',
    });

    const addressed = address(record({ headers }), handlers, 'billing', false);

    expect(addressed.handlers).toHaveLength(expected.length);
    expect(names(addressed)).toEqual(expected);
  });
});

describe('A record of a retry topic', () => {
  const own = [['trace', Buffer.from('abc')] as const];
  const values = {
    'original-topic': 'orders',
    'original-partition': '4',
    'original-offset': '42',
    'original-timestamp': '2026-01-01T00:00:00.000Z',
    'original-group': 'billing',
    'original-handler': 'Orders.second',
    attempts: '3',
    timestamp: 'x',
    error: 'x',
    'error-class': 'x',
    'error-stack': 'x',
    'retry-step': '2',
    'retry-due': 'x',
  };
  const [key, value] = [Buffer.from('key'), Buffer.from('value')];
  const retried = (changes: Partial<typeof values> = {}, fields: Partial<ConsumedRecord> = {}) =>
    address(
      record({
        topic: 'orders.retry.billing.1m',
        partition: 7,
        offset: 9,
        timestamp: 5,
        key,
        value,
        headers: joinHeaders(own, { ...values, ...changes }),
        ...fields,
      }),
      handlers,
      'billing',
      true,
    );

  it('is the record it was, for the handler that failed', () => {
    const addressed = retried();

    expect(names(addressed)).toEqual(['Orders.second']);
    expect(addressed).toMatchObject({ attempts: 3, step: 2 });
    expect(addressed.record).toMatchObject({
      topic: 'orders',
      partition: 4,
      offset: 42,
      timestamp: Date.UTC(2026, 0, 1),
    });
    expect(addressed.record.headers).toEqual(own);
    expect(addressed.record.key).toBe(key);
    expect(addressed.record.value).toBe(value);
  });

  it('lets go of memory where the one it came as does', () => {
    let detached = 0;
    retried({}, { detach: () => void detached++, size: 12 }).record.detach();

    expect(detached).toBe(1);
    expect(retried({}, { size: 12 }).record.size).toBe(12);
  });

  it('is nobody’s if it is of another group', () => {
    expect(retried({ 'original-group': 'shipping' }).handlers).toHaveLength(0);
  });

  it.each(['Orders.renamed', ''])('is given up on if its handler "%s" is there no longer', (name) => {
    const [handler] = retried({ 'original-handler': name }).handlers;

    expect(handler!.name).toBe(name || 'unknown');
    expect(handler!.deadLetter).toBe(first.deadLetter);
    const called = (): unknown => handler!.handle(undefined as never, undefined as never);
    expect(called).toThrow(NonRetriableError);
    expect(called).toThrow(`No handler ${name || 'without a name'} takes this topic with retryTopics (any more)`);
    expect(handler!.classify(new Error())).toBe('give-up');
  });

  it('goes to the topic’s other handlers if its own is there no longer and nobody has dead letters', () => {
    const others = [second, handlerBinding({ name: 'Orders.third' })];
    const headers = joinHeaders(own, { ...values, 'original-handler': 'Orders.gone' });

    const addressed = address(record({ topic: 'orders.retry.billing.1m', headers }), others, 'billing', true);

    expect(names(addressed)).toEqual(['Orders.second', 'Orders.third']);
  });

  it('goes to nobody if nobody sends anything there any more', () => {
    const headers = joinHeaders(own, values);

    expect(address(record({ topic: 'orders.retry.billing.1m', headers }), [], 'billing', true).handlers).toEqual([]);
  });

  it('stays where it is, and in its first retry topic, if its headers tell nothing', () => {
    const nothing = {
      'original-topic': '',
      'original-partition': 'x',
      'original-offset': '-1',
      'original-timestamp': '',
    };
    const addressed = retried({ ...nothing, attempts: '', 'retry-step': 'x' });

    expect(addressed.record).toMatchObject({ topic: 'orders.retry.billing.1m', partition: 7, offset: 9, timestamp: 5 });
    expect(addressed).toMatchObject({ attempts: 0, step: 1 });
  });
});
