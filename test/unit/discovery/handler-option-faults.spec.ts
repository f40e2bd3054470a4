import { describe, expect, it } from '@jest/globals';
import type { MessageHandlerOptions } from '../../../lib/decorators/message-handler.decorator.js';
import { handlerOptionFaults } from '../../../lib/discovery/handler-option-faults.js';

describe('The options of a handler', () => {
  it.each<[MessageHandlerOptions]>([
    [{}],
    [{ lane: () => 'a' }],
    [{ lane: () => 'a', processingOrder: 'key', concurrency: 5, rateLimit: 0.5, handlerTimeoutMs: 1 }],
    [{ ack: 'manual', ackTimeoutMs: 1_000 }],
    [{ retryTopics: ['500ms', '10s', '10s', '5m', '1h', '24d'], deadLetter: true, retry: { delay: () => 1 } }],
    [{ retryTopics: [], deadLetter: { topic: 'dead' }, nonRetriable: [TypeError, () => true], classify: () => 'skip' }],
    [{ deadLetter: { topic: () => 'dead' } }],
    [{ deadLetter: false }],
    [{ when: { header: 'type', equals: 'created' } }],
    [{ when: { header: 'type', equals: ['a', 'b'] } }],
    [{ when: () => true }],
    [
      {
        onExhausted: 'skip',
        retry: { maxAttempts: Infinity, initialDelayMs: 0, multiplier: 1, maxDelayMs: 0, jitter: 'none' },
      },
    ],
  ])('may be %p', (options) => {
    expect(handlerOptionFaults(options)).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['processingOrder', { processingOrder: 'keys' }, `'partition' or 'key' or 'unordered'`],
    ['lane', { lane: 'customer' }, 'a function (message) => string'],
    ['concurrency', { concurrency: 0 }, 'a whole number from 1 on'],
    ['rateLimit', { rateLimit: 0 }, 'a number greater than 0'],
    ['handlerTimeoutMs', { handlerTimeoutMs: 1.5 }, 'a whole number of milliseconds from 1 to 2147483647'],
    ['onExhausted', { onExhausted: 'drop' }, `'retry' or 'skip' or 'stop'`],
    ['retry', { retry: 5 }, 'an object'],
    ['retry.maxAttempts', { retry: { maxAttempts: 0 } }, 'a whole number from 1 on, or Infinity'],
    ['retry.initialDelayMs', { retry: { initialDelayMs: NaN } }, 'a whole number of milliseconds from 0'],
    ['retry.multiplier', { retry: { multiplier: 0.5 } }, 'a number from 1 on'],
    ['retry.maxDelayMs', { retry: { maxDelayMs: 2 ** 31 } }, 'to 2147483647'],
    ['retry.jitter', { retry: { jitter: 'some' } }, `'full' or 'none'`],
    ['when', { when: 'created' }, '{ header, equals } or a function'],
    ['when', { when: { header: 'type' } }, '{ header, equals } or a function'],
    ['retryTopics', { retryTopics: '10s' }, `a list of delays such as '10s' or '5m'`],
    ['retryTopics', { retryTopics: ['10'] }, `a list of delays such as '10s' or '5m'`],
    ['retryTopics', { retryTopics: ['25d'] }, 'none longer than 2147483647 ms'],
    ['retry.delay', { retry: { delay: 5 } }, 'a function (attempt, error) => milliseconds'],
    ['deadLetter', { deadLetter: 'orders.dlq' }, 'true, false or an object'],
    ['deadLetter.topic', { deadLetter: { topic: 'no spaces' } }, 'a legal name of a topic, or a function'],
    ['nonRetriable', { nonRetriable: ['TypeError'] }, 'a list of classes of errors and predicates'],
    ['classify', { classify: 'skip' }, 'a function (error) => FailureClass'],
    ['ack', { ack: 'hand' }, `'auto' or 'manual'`],
    ['ackTimeoutMs', { ack: 'manual', ackTimeoutMs: 2 ** 31 }, 'a whole number of milliseconds from 1 to 2147483647'],
  ])('are refused for a wrong %s, with what was expected', (name, options, expected) => {
    const faults = handlerOptionFaults(options);

    expect(faults).toEqual([expect.stringContaining(expected)]);
    expect(faults[0]).toContain(`${name}:`);
  });

  it.each<[MessageHandlerOptions, string]>([
    [{ lane: () => 'a', processingOrder: 'partition' }, `processingOrder 'partition'; remove one of them`],
    [{ ackTimeoutMs: 1_000 }, `ackTimeoutMs without ack: 'manual'`],
    [{ idempotent: true, ack: 'manual' }, `idempotent and ack: 'manual'`],
    [{ idempotent: true, transactional: true }, 'idempotent with transactional'],
    [{ idempotent: { remember: 'handler' }, publishTo: 'b' }, `idempotent.remember: 'handler' with publishTo`],
  ])('are refused where they contradict each other: %p', (options, text) => {
    expect(handlerOptionFaults(options)).toEqual([expect.stringContaining(text)]);
  });
});
