import { describe, expect, it } from '@jest/globals';
import type { MessageHandlerOptions } from '../../../lib/decorators/message-handler.decorator.js';
import { handlerOptionFaults } from '../../../lib/discovery/handler-option-faults.js';

describe('The options of a handler', () => {
  it.each<[MessageHandlerOptions]>([
    [{}],
    [{ lane: () => 'a' }],
    [{ lane: () => 'a', processingOrder: 'key', concurrency: 5, rateLimit: 0.5, handlerTimeoutMs: 1 }],
    [{ ack: 'manual', ackTimeoutMs: 1_000 }],
  ])('may be %p', (options) => {
    expect(handlerOptionFaults(options)).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['processingOrder', { processingOrder: 'keys' }, `'partition' or 'key' or 'unordered'`],
    ['lane', { lane: 'customer' }, 'a function (message) => string'],
    ['concurrency', { concurrency: 0 }, 'a whole number from 1 on'],
    ['rateLimit', { rateLimit: 0 }, 'a number greater than 0'],
    ['handlerTimeoutMs', { handlerTimeoutMs: 1.5 }, 'a whole number from 1 on'],
    ['ack', { ack: 'hand' }, `'auto' or 'manual'`],
    ['ackTimeoutMs', { ack: 'manual', ackTimeoutMs: -1 }, 'a whole number from 1 on'],
  ])('are refused for a wrong %s, with what was expected', (name, options, expected) => {
    const faults = handlerOptionFaults(options);

    expect(faults).toEqual([expect.stringContaining(expected)]);
    expect(faults[0]).toContain(`${name}:`);
  });

  it.each<[MessageHandlerOptions, string]>([
    [{ lane: () => 'a', processingOrder: 'partition' }, `processingOrder 'partition'; remove one of them`],
    [{ ackTimeoutMs: 1_000 }, `ackTimeoutMs without ack: 'manual'`],
  ])('are refused where they contradict each other: %p', (options, text) => {
    expect(handlerOptionFaults(options)).toEqual([expect.stringContaining(text)]);
  });
});
