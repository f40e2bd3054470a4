import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ErrorCode } from '../../../../../lib/engine/client/connection/protocol-errors.js';
import { everythingDue } from '../../../../support/consuming-application.js';
import { deferred } from '../../../../support/deferred.js';
import { atEnd, failing, Fetching, notLeader, partition, passes, reply } from './fetching.js';

const second = 1000;

describe('Fetcher, of a topic that a broker does not know,', () => {
  const unknown = failing(0, ErrorCode.UnknownTopicOrPartition);
  let fetching: Fetching;
  let found: () => void;

  /** Time passes by hand; turns of the event loop go on. */
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask'] });
    fetching = new Fetching();
    const findingOut = deferred<void>();
    fetching.findingOut = findingOut.promise;
    found = () => findingOut.resolve();
  });

  afterEach(() => {
    fetching.stop();
    jest.useRealTimers();
  });

  it('asks nobody for it until it is clear whether it is still the same, also when others lead it now', async () => {
    fetching.add([0, 5], [2, 7]);
    const [one, two] = [await fetching.next(1), await fetching.next(2)];
    fetching.leaders = [3, 1, 3];

    reply(one, unknown);
    await passes(5 * second);
    reply(two, failing(2, notLeader));
    await passes(5 * second);
    expect(fetching.pending).toEqual([]);

    found();
    await passes(second);
    expect(fetching.pending.flatMap(({ asked }) => asked).sort()).toEqual(['orders-0@5', 'orders-2@7']);
  });

  it('takes nothing of what another broker sends meanwhile', async () => {
    fetching.add([0, 5], [2, 7]);
    const [one, two] = [await fetching.next(1), await fetching.next(2)];

    reply(one, unknown);
    await everythingDue();
    reply(two, await partition(2, [7]));
    await everythingDue();
    expect(fetching.events).toEqual(['orders missing']);

    found();
    await passes(second);
    await fetching.answer('orders-2@7', await partition(2, [7]));
    await fetching.handedOut('orders missing', '2: 7 next 8');
  });

  it('does not ask for partitions either that are added meanwhile', async () => {
    fetching.add([0, 5]);
    reply(await fetching.next(1), unknown);
    await everythingDue();

    fetching.add([2, 7]);
    await passes(second);

    expect(fetching.pending).toEqual([]);
  });

  it('tells of it also when the partition was paused meanwhile, or was asked of a replica', async () => {
    fetching.add([0, 5]);
    reply(await fetching.next(1), { ...atEnd(0), preferredReadReplica: 4 });
    const fetch = await fetching.next(4);
    fetching.pause(0);

    reply(fetch, unknown);
    await everythingDue();

    expect(fetching.events).toEqual(['orders missing']);
  });

  it('tells of it also when it is not found while looking for leaders', async () => {
    fetching.unknown = true;
    fetching.add([0, 5]);
    await everythingDue();
    expect(fetching.events).toEqual(['orders missing']);

    fetching.unknown = false;
    await passes(second);
    expect(fetching.pending).toEqual([]);

    found();
    await passes(second);
    expect((await fetching.next(1)).asked).toEqual(['orders-0@5']);
  });

  it('tells of it with every attempt, and tries again', async () => {
    fetching.findingOut = Promise.resolve();
    fetching.add([0, 5], [1, 6]);
    await everythingDue();
    const refuse = (): void => {
      const codes = [failing(0, ErrorCode.UnknownTopicOrPartition), failing(1, ErrorCode.UnknownTopicOrPartition)];
      reply(fetching.pending.shift()!, ...codes);
    };

    refuse();
    await passes(second / 2);
    refuse();
    await everythingDue();

    expect(fetching.events).toEqual(['orders missing', 'orders missing']);
    expect(fetching.logger.at('warn')).toHaveLength(1);
  });
});
