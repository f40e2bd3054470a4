import { describe, expect, it } from '@jest/globals';
import { reportMove } from '../../../../lib/engine/recovery/failure-report.js';
import { Publication } from '../../../../lib/engine/recovery/publication.js';
import { RecordingLogger } from '../../../support/recording-logger.js';
import { recordAt } from '../../../support/records.js';

describe('A record that is moved', () => {
  const thrown = { text: 'Error: boom', name: 'Error', message: 'boom' };
  const failed = {
    record: recordAt(7),
    group: 'billing',
    handler: 'Orders.created',
    attempts: 5,
    error: undefined,
    thrown,
  };
  const letter = new Publication('orders.dlq', failed, new Date(0));
  const later = new Publication('orders.retry', failed, new Date(0), { 'retry-due': '' });
  const stored = { topic: 'orders.dlq', partition: 3, offset: '17' };

  const told = (...args: [Publication, typeof stored | undefined]) => {
    const logger = new RecordingLogger();
    reportMove(logger, ...args);
    return [logger.lines[0], logger.fields[0]?.to];
  };

  it('is told of with the place where it is stored', () => {
    const message = 'orders-0@7 is a dead letter after 5 attempts of Orders.created, stored as orders.dlq-3@17';
    expect(told(letter, stored)).toEqual([{ level: 'warn', message }, stored]);
  });

  it('is told of with the topic where the place is known later, in transactions', () => {
    const message =
      'orders-0@7 is a dead letter after 5 attempts of Orders.created, to be stored in orders.dlq with its position';
    expect(told(letter, undefined)).toEqual([{ level: 'warn', message }, { topic: 'orders.dlq' }]);
  });

  it('is told of at debug level when it comes back by itself', () => {
    const message = 'orders-0@7 waits for its next attempt, to be stored in orders.retry with its position';
    expect(told(later, undefined)).toEqual([{ level: 'debug', message }, { topic: 'orders.retry' }]);
  });
});
