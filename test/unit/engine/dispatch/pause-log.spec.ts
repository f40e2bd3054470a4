import { beforeEach, describe, expect, it } from '@jest/globals';
import { PauseLog } from '../../../../lib/engine/dispatch/pause-log.js';
import { RecordingLogger } from '../../../support/recording-logger.js';

describe('PauseLog', () => {
  let logger: RecordingLogger;
  let log: PauseLog;

  const partition = (number: number) => ({
    name: `orders-${number}`,
    topic: 'orders',
    partition: number,
    isOwned: true,
    load: { records: 500, bytes: 5_000 },
  });
  const [zero, one] = [partition(0), partition(1)];

  beforeEach(() => {
    logger = new RecordingLogger();
    log = new PauseLog('billing', logger);
  });

  it('says nothing of what is paused for less than five seconds', () => {
    log.look(new Map([[zero, 0]]), 4_999);
    log.look(new Map(), 5_000);
    expect(logger.lines).toEqual([]);
  });

  it('tells once of what is paused for longer, all in one line, and once when it goes on', () => {
    const paused = new Map([
      [one, 0],
      [zero, 0],
    ]);
    for (const now of [5_000, 6_000, 100_000, 200_000]) log.look(paused, now);
    log.look(new Map(), 201_000);
    log.look(new Map(), 202_000);
    expect(logger.at('log')).toEqual([
      'Group "billing" fetches nothing of orders-0, orders-1 for 5 s now: handlers are slower than the topic, 1000 records of ' +
        'it wait here (backpressure)',
      'Group "billing" fetches orders-0, orders-1 again (backpressure)',
    ]);
    const partitions = [
      { topic: 'orders', partition: 1 },
      { topic: 'orders', partition: 0 },
    ];
    expect(logger.fields).toEqual([
      { event: 'paused', group: 'billing', partitions, records: 1000 },
      { event: 'resumed', group: 'billing', partitions },
    ]);
  });

  it('tells of a partition once a minute, whatever it does', () => {
    for (let now = 10_000; now < 70_000; now += 10_000) {
      log.look(new Map([[zero, now - 6_000]]), now);
      log.look(new Map(), now + 1_000);
    }
    expect(logger.lines).toHaveLength(2);
    log.look(new Map([[zero, 64_000]]), 70_000);
    expect(logger.lines).toHaveLength(3);
  });

  it('tells of one that went on between two looks', () => {
    log.look(new Map([[zero, 0]]), 5_000);
    log.look(new Map([[zero, 5_500]]), 6_000);
    expect(logger.at('log')[1]).toBe('Group "billing" fetches orders-0 again (backpressure)');
  });

  it('does not say that one goes on which is lost', () => {
    log.look(new Map([[{ ...zero, isOwned: false }, 0]]), 5_000);
    log.look(new Map(), 6_000);
    expect(logger.lines).toHaveLength(1);
  });
});
