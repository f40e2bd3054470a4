import { describe, expect, it } from '@jest/globals';
import { takesTopic } from '../../../lib/engine/topic-pattern.js';

describe('A topic given by its name', () => {
  it.each([
    ['orders', true],
    ['orders.eu', false],
    ['Orders', false],
  ])('takes %s: %s', (topic, taken) => {
    expect(takesTopic('orders', topic)).toBe(taken);
  });

  it.each(['orders.dlq', 'orders.retry.1', '__consumer_offsets'])('takes %s when it is named', (topic) => {
    expect(takesTopic(topic, topic)).toBe(true);
  });
});

describe('A RegExp', () => {
  it.each([
    ['orders', true],
    ['orders.eu', true],
    ['payments', false],
    ['__orders', false],
    ['orders.dlq', false],
    ['orders.retry.5000', false],
    ['orders.eu.retry.1.dlq', false],
    ['orders.dlq.report', true],
    ['orders.retry', true],
  ])('takes %s: %s', (topic, taken) => {
    expect(takesTopic(/orders/, topic)).toBe(taken);
  });

  it.each(['', 'g', 'y', 'gy'])('with the flags "%s" takes every topic each time it is asked', (flags) => {
    const pattern = new RegExp('^orders', flags);

    const answers = Array.from({ length: 4 }, () => takesTopic(pattern, 'orders.eu'));

    expect(answers).toEqual([true, true, true, true]);
    expect(pattern.lastIndex).toBe(0);
  });

  it('keeps its other flags', () => {
    expect(takesTopic(/^ORDERS/gi, 'orders')).toBe(true);
  });
});
