import { describe, expect, it } from '@jest/globals';
import {
  deadLetterTopic,
  deadLetterTopicFor,
  delayMs,
  parseRetryTopic,
  retryTopic,
  sideTopicsOf,
} from '../../../../lib/engine/recovery/recovery-topics.js';
import { KafkaMessage } from '../../../../lib/engine/decode/kafka-message.js';
import { recordAt } from '../../../support/records.js';

describe('A delay', () => {
  it.each([
    ['1ms', 1],
    ['10s', 10_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('%s is %d ms', (text, ms) => {
    expect(delayMs(text)).toBe(ms);
  });

  it.each(['', '10', 's', '0s', '-1s', '1.5s', '1 s', '10s ', 'x10s', '1w', '01s'])('"%s" is none', (text) => {
    expect(delayMs(text)).toBeUndefined();
  });
});

describe('A retry topic', () => {
  it('is named by topic, group and delay, with what topics may not have replaced', () => {
    expect(retryTopic('orders', 'billing', '10s')).toBe('orders.retry.billing.10s');
    expect(retryTopic('orders', 'my group/1', '1m')).toBe('orders.retry.my_group_1.1m');
  });

  it('is known by its name', () => {
    expect(parseRetryTopic('orders.retry.billing.10s', 'billing')).toEqual({ topic: 'orders', delay: '10s' });
    expect(parseRetryTopic('a.b-c.retry.my_group.1m', 'my group')).toEqual({ topic: 'a.b-c', delay: '1m' });
  });

  it.each([
    'orders',
    'orders.retry.shipping.10s',
    'orders.retry.billing.soon',
    'orders.retry.billing.',
    '.retry.billing.10s',
  ])('is not %s', (name) => {
    expect(parseRetryTopic(name, 'billing')).toBeUndefined();
  });
});

describe('The dead letters of a message', () => {
  const message = new KafkaMessage(recordAt(5));
  const error = new Error('no');

  it('go to the topic beside its own, to the one that is named, or to the one that is chosen', () => {
    expect(deadLetterTopicFor({}, message, error)).toBe('orders.dlq');
    expect(deadLetterTopicFor({ topic: 'dead' }, message, error)).toBe('dead');
    expect(
      deadLetterTopicFor({ topic: ({ offset }, why) => `${offset}.${(why as Error).message}` }, message, error),
    ).toBe('5.no');
  });

  it.each<[string, () => string]>([
    ['an illegal name', () => 'no spaces'],
    ['nothing', () => undefined as never],
    [
      'an error',
      () => {
        throw new Error('oops');
      },
    ],
  ])('go to the topic beside its own where the choice is %s', (_, topic) => {
    expect(deadLetterTopicFor({ topic }, message, error)).toBe('orders.dlq');
  });
});

describe('The side topics of a topic', () => {
  it('are those of all of its handlers, each once, of which the group reads the retry topics', () => {
    const handlers = [
      { retryTopics: ['10s', '1m'], deadLetter: {} },
      { retryTopics: ['1m'], deadLetter: { topic: 'dead' } },
      { retryTopics: [], deadLetter: undefined },
    ];

    expect(sideTopicsOf('orders', handlers, 'billing')).toEqual([
      { name: 'orders.retry.billing.10s', subscribed: true, delayMs: 10_000 },
      { name: 'orders.retry.billing.1m', subscribed: true, delayMs: 60_000 },
      { name: 'orders.dlq', subscribed: false },
      { name: 'dead', subscribed: false },
    ]);
  });

  it('are the one that a function falls back to, and none that no topic can be named', () => {
    const long = 'x'.repeat(246);
    const chosen = { retryTopics: [], deadLetter: { topic: () => 'dead' } };

    expect(sideTopicsOf('orders', [chosen], 'billing')).toEqual([{ name: 'orders.dlq', subscribed: false }]);
    expect(sideTopicsOf(long, [{ retryTopics: ['1s'], deadLetter: {} }], 'billing')).toEqual([]);
    expect(deadLetterTopic(long)).toHaveLength(250);
  });
});
