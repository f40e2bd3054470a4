import { describe, expect, it } from '@jest/globals';
import { deferred } from '../../../support/deferred.js';
import { ConsumingApplication, everythingDue, soon } from '../../../support/consuming-application.js';

const never = 3_600_000;

describe('A group consumer that is stopped', () => {
  it('stops fetching, lets running handlers finish, commits, leaves', async () => {
    const app = ConsumingApplication.consuming([0], { commitIntervalMs: never });
    app.client.deliver(0, 0, 1);
    const call = await app.handling('orders-0@0');

    const stopped = app.consumer.stop();
    await everythingDue();
    expect(app.client.calls).toEqual(['run', 'stopFetching']);
    expect(call.context.signal.aborted).toBe(false);
    call.end.resolve(undefined);
    await stopped;

    expect(app.client.calls).toEqual(['run', 'stopFetching', 'commit', 'close']);
    expect(app.client.commits).toEqual([['orders-0@1']]);
    expect(app.places).toEqual(['orders-0@0']);
    expect(app.logger.at('log').at(-1)).toBe('Left group "billing"');
  });

  it('does so at once when nothing runs', async () => {
    const app = ConsumingApplication.consuming([0, 1]);

    await app.consumer.stop();

    expect(app.client.calls).toEqual(['run', 'stopFetching', 'close']);
  });

  it('aborts a handler when the grace is over, and still commits what was completed', async () => {
    const app = ConsumingApplication.consuming([0, 1], { commitIntervalMs: never, shutdownTimeoutMs: 100 });
    app.client.deliver(0, 0);
    app.client.deliver(1, 0);
    await app.handled('orders-1@0');
    const call = await app.handling('orders-0@0');

    await app.consumer.stop();

    expect(call.context.signal.aborted).toBe(true);
    expect(app.client.commits).toEqual([['orders-1@1']]);
    expect(app.client.calls.at(-1)).toBe('close');
    expect(app.logger.at('warn')).toEqual([
      'A handler of orders-0, offset 0 or later, is still running after 50 ms; it is aborted, and its record stays ' +
        'uncommitted unless the handler completes it now',
    ]);
  });

  it('commits what a handler completes on its signal', async () => {
    const app = ConsumingApplication.consuming([0], { commitIntervalMs: never, shutdownTimeoutMs: 400 });
    app.client.deliver(0, 0);
    const call = await app.handling('orders-0@0');
    call.context.signal.addEventListener('abort', () => call.end.resolve(undefined));

    await app.consumer.stop();

    expect(app.client.commits).toEqual([['orders-0@1']]);
  });

  it('tries the last commit again while there is time', async () => {
    const app = ConsumingApplication.consuming([0], { commitIntervalMs: never, shutdownTimeoutMs: 5000 });
    app.client.onCommit = () => {
      app.client.onCommit = () => Promise.resolve();
      return Promise.reject(new Error('coordinator moved'));
    };
    app.client.deliver(0, 0);
    await app.handled('orders-0@0');

    await app.consumer.stop();

    expect(app.client.commits).toEqual([['orders-0@1'], ['orders-0@1']]);
    expect(app.logger.at('error')).toEqual([]);
  });

  it.each([
    ['is not answered', () => new Promise<void>(() => undefined)],
    ['fails to the end', () => Promise.reject(new Error('coordinator moved'))],
  ])('says so when the last commit %s, and leaves all the same', async (_, onCommit) => {
    const app = ConsumingApplication.consuming([0], { commitIntervalMs: never, shutdownTimeoutMs: 200 });
    app.client.onCommit = onCommit;
    app.client.deliver(0, 0);
    await app.handled('orders-0@0');

    await app.consumer.stop();

    expect(app.client.calls.at(-1)).toBe('close');
    expect(app.logger.at('error')).toEqual([expect.stringContaining('records may be delivered again')]);
  });

  it('keeps to its time whatever handlers, commits and the client do', async () => {
    const app = ConsumingApplication.consuming([0], { commitIntervalMs: never, shutdownTimeoutMs: 300 });
    const hanging = deferred();
    app.client.onCommit = app.client.onClose = () => hanging.promise;
    app.client.deliver(0, 0, 1);
    await app.handled('orders-0@0');
    await app.handling('orders-0@1');
    const startedAt = Date.now();

    await app.consumer.stop();

    expect(Date.now() - startedAt).toBeLessThan(600);
    hanging.resolve();
  }, 5000);

  it('is not running any more', async () => {
    const app = ConsumingApplication.consuming([0]);
    expect(app.consumer.status()).toMatchObject({ running: true, joined: true });

    await app.consumer.stop();

    expect(app.consumer.status()).toMatchObject({ running: false, joined: false, assignments: [] });
    expect(app.clients).toHaveLength(1);
  });

  it('lets every caller wait for the same end', async () => {
    const app = ConsumingApplication.consuming([0]);
    app.client.deliver(0, 0);
    const call = await app.handling('orders-0@0');

    const stops = [app.consumer.stop(), app.consumer.stop()];
    call.end.resolve(undefined);
    await Promise.all(stops);
    await app.consumer.stop();

    expect(app.client.calls.filter((name) => name === 'close')).toHaveLength(1);
  });

  it('does nothing when it was never started', async () => {
    await new ConsumingApplication().consumer.stop();
  });

  it('can be started again', async () => {
    const app = ConsumingApplication.consuming([0]);
    await app.consumer.stop();

    void app.consumer.start();
    app.client.assign(0);
    app.client.deliver(0, 0);

    await app.handled('orders-0@0');
    expect(app.clients).toHaveLength(2);
    await app.consumer.stop();
  });

  it('closes a client whose rebalance ended it in the meantime, so that no connection stays open', async () => {
    const app = ConsumingApplication.consuming([0], { shutdownTimeoutMs: 400 });
    app.client.deliver(0, 0);
    const call = await app.handling('orders-0@0');
    const stopped = app.consumer.stop();
    await everythingDue();

    app.client.end();
    await everythingDue();
    call.end.resolve(undefined);
    await stopped;

    expect(app.client.calls.at(-1)).toBe('close');
  });

  it('gives up waiting for a client to come back', async () => {
    const app = ConsumingApplication.consuming([0]);
    app.client.fail(new Error('no coordinator'));
    await soon(() => app.logger.at('error').length === 1);

    await app.consumer.stop();

    expect(app.clients).toHaveLength(1);
  });
});
