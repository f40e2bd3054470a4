import { afterEach, describe, expect, it } from '@jest/globals';
import type { PartitionPosition } from '../../../../lib/engine/client/consumer-client.js';
import { ConsumingApplication, everythingDue } from '../../../support/consuming-application.js';
import { deferred } from '../../../support/deferred.js';

describe('The lag of a group consumer', () => {
  let app: ConsumingApplication;

  afterEach(async () => {
    for (const { end } of app.calls) end.resolve(undefined);
    await app.consumer.stop();
  });

  async function lags(): Promise<Record<string, number>> {
    const measured = await app.consumer.lag();
    return Object.fromEntries(measured.map(({ topic, partition, lag }) => [`${topic}-${partition}`, lag]));
  }

  it('counts what is not completed, wherever it waits', async () => {
    app = ConsumingApplication.consuming([0, 1]);
    app.client.onEnds = (asked) => Promise.resolve(asked.map((place) => ({ ...place, offset: 5 })));
    app.client.deliver(0, 0, 1);
    await app.handled('orders-0@0');
    await app.handling('orders-0@1');

    expect(await lags()).toEqual({ 'orders-0': 4, 'orders-1': 5 });
  });

  it('is asked for once by those who ask at the same time', async () => {
    app = ConsumingApplication.consuming([0]);
    const answer = deferred<PartitionPosition[]>();
    app.client.onEnds = () => answer.promise;
    const asked = [app.consumer.lag(), app.consumer.lag()];
    answer.resolve([{ topic: 'orders', partition: 0, offset: 2 }]);

    expect(await Promise.all(asked)).toEqual([
      [expect.objectContaining({ lag: 2 })],
      [expect.objectContaining({ lag: 2 })],
    ]);
    expect(app.client.calls.filter((call) => call === 'endsOf')).toHaveLength(1);
    await app.consumer.lag();
    expect(app.client.calls.filter((call) => call === 'endsOf')).toHaveLength(2);
  });

  it('leaves out a partition that is lost meanwhile, and one whose leader does not tell', async () => {
    app = ConsumingApplication.consuming([0, 1, 2]);
    const answer = deferred<PartitionPosition[]>();
    app.client.onEnds = () => answer.promise;
    const asked = app.consumer.lag();
    app.client.lose(1);
    answer.resolve([0, 1].map((partition) => ({ topic: 'orders', partition, offset: 3 })));

    expect((await asked).map(({ partition }) => partition)).toEqual([0]);
  });

  it('is of nothing when no broker answers, and without a client', async () => {
    app = ConsumingApplication.consuming([0]);
    app.client.onEnds = () => Promise.reject(new Error('No broker can be reached'));
    expect(await app.consumer.lag()).toEqual([]);

    app.client.fail(new Error('crashed'));
    await everythingDue();

    expect(await app.consumer.lag()).toEqual([]);
  });
});
