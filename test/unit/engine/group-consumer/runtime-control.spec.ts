import { afterEach, describe, expect, it } from '@jest/globals';
import { ConsumingApplication, everythingDue, soon } from '../../../support/consuming-application.js';

describe('A group consumer that is controlled at runtime', () => {
  let app: ConsumingApplication;
  const place = { topic: 'orders', partition: 0 };

  afterEach(async () => {
    for (const { end } of app.calls) end.resolve(undefined);
    await app.consumer.stop();
  });

  it('paused, starts nothing, also of what it is assigned later, until it is resumed', async () => {
    app = ConsumingApplication.consuming([0]);
    app.consumer.setPaused(true);
    app.client.assign(1);
    app.client.deliver(0, 0);
    app.client.deliver(1, 0);
    await everythingDue();
    expect([...app.client.paused]).toEqual(['orders-0', 'orders-1']);
    expect(app.places).toEqual([]);
    expect(app.consumer.assignments().map(({ paused }) => paused)).toEqual([true, true]);

    app.consumer.setPaused(false);

    await app.handled('orders-0@0', 'orders-1@0');
    expect([...app.client.paused]).toEqual([]);
  });

  it('keeps its pauses when the client is replaced', async () => {
    app = ConsumingApplication.consuming([0]);
    app.consumer.setPaused(true, 'orders', [0]);

    app.client.fail(new Error('crashed'));
    await soon(() => app.clients.length === 2);
    app.client.assign(0, 1);

    expect([...app.client.paused]).toEqual(['orders-0']);
  });

  it('moved, lets the running handler settle, drops what waits, and commits the new position', async () => {
    app = ConsumingApplication.consuming([0]);
    app.client.deliver(0, 0, 1);
    const running = await app.handling('orders-0@0');
    const moved = app.consumer.seek(place, 5);
    await everythingDue();
    expect(app.client.calls).not.toContain('seek orders-0@5');

    running.end.resolve(undefined);
    await moved;
    app.client.deliver(0, 5);
    await app.handled('orders-0@5');

    expect(app.client.calls).toContain('seek orders-0@5');
    expect(app.client.commits.flat()).toContain('orders-0@5');
    expect(app.places).toEqual(['orders-0@0', 'orders-0@5']);
  });

  it('can be moved back, and to a time', async () => {
    app = ConsumingApplication.consuming([0]);
    app.client.deliver(0, 0);
    await app.handled('orders-0@0');
    await app.committed('orders-0@1');
    app.client.offsetAt = (_, timestampMs) => timestampMs / 1_000;

    await app.consumer.seek(place, 0);
    await app.consumer.seek(place, new Date(7_000));

    expect(app.client.calls.filter((call) => call.startsWith('seek'))).toEqual(['seek orders-0@0', 'seek orders-0@7']);
    expect(app.client.commits.slice(-2)).toEqual([['orders-0@0'], ['orders-0@7']]);
  });

  it('refuses to move what it does not have', async () => {
    app = ConsumingApplication.consuming([0]);

    await expect(app.consumer.seek({ topic: 'orders', partition: 3 }, 0)).rejects.toThrow(
      'orders-3 is not assigned to this process, which has orders-0',
    );
  });

  it('replaces a client that has gone silent', async () => {
    app = ConsumingApplication.consuming([0], { silenceLimitMs: 10 });

    app.client.silentMs = 20;

    await soon(() => app.clients.length === 2);
    expect(app.consumer.status().restarts).toBe(1);
  });
});
