import { describe, expect, it, jest } from '@jest/globals';
import { Observers } from '../../../lib/engine/observers.js';
import { ConsumerObserver } from '../../../lib/messaging/consumer-observer.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { everythingDue } from '../../support/consuming-application.js';

const event = { topic: 'orders', partition: 0, group: 'billing', messages: [] };

const names = [
  'received',
  'succeeded',
  'failed',
  'retried',
  'deadLettered',
  'skipped',
  'committed',
  'commitFailed',
  'rebalanced',
] as const;

/** Keeps the names of what it is told. */
class Witness extends ConsumerObserver {
  readonly told: string[] = [];

  constructor() {
    super();
    for (const name of names) this[name] = () => void this.told.push(name);
  }
}

describe('observers', () => {
  const logger = new RecordingLogger();

  it('are none where the application provides none', () => {
    expect(Observers.of([], logger)).toBeUndefined();
  });

  it('are each told of everything', () => {
    const witnesses = [new Witness(), new Witness()];
    const observers = Observers.of(witnesses, logger)!;

    for (const name of names) observers[name](event as never);

    expect(witnesses.map(({ told }) => told)).toEqual([names, names]);
  });

  it('do nothing for what they do not override', () => {
    class Silent extends ConsumerObserver {}
    const silent = new Silent();

    for (const name of names) expect(silent[name](event as never)).toBeUndefined();
  });

  it('have what they throw logged with its stack, and each kind of it', () => {
    const logger = new RecordingLogger();
    const thrown = [new Error('no connection'), new TypeError('no such property')];
    class Failing extends ConsumerObserver {
      override received(): void {
        throw thrown.shift()!;
      }
    }
    const observers = Observers.of([new Failing()], logger)!;
    const stacks = thrown.map(({ stack }) => stack);

    for (let times = 0; times < 2; times++) observers.received(event);

    expect(logger.lines.map(({ stack }) => stack)).toEqual(stacks);
  });

  it('are told although one before them throws or rejects, which is logged once a minute', async () => {
    jest.useFakeTimers({ now: 0, doNotFake: ['setImmediate'] });
    try {
      const logger = new RecordingLogger();
      let calls = 0;
      class Failing extends ConsumerObserver {
        override received(): void {
          throw new Error(`no ${++calls}`);
        }

        override skipped = (() => Promise.reject(new Error('later'))) as () => void;
      }
      const witness = new Witness();
      const observers = Observers.of([new Failing(), witness], logger)!;

      for (let times = 0; times < 3; times++) {
        observers.received(event);
        observers.skipped(event);
      }
      await everythingDue();

      expect(witness.told).toEqual(Array(3).fill(['received', 'skipped']).flat());
      expect(logger.at('error')).toEqual([
        'Failing.received failed; nothing else is changed by it: Error: no 1',
        'Failing.skipped failed; nothing else is changed by it: Error: later',
      ]);

      jest.setSystemTime(60_000);
      observers.received(event);
      expect(logger.at('error')).toHaveLength(3);
    } finally {
      jest.useRealTimers();
    }
  });
});
