import { afterEach, describe, expect, it } from '@jest/globals';
import { ConsumingApplication, everythingDue } from '../../../support/consuming-application.js';

describe('A handler that acknowledges by hand', () => {
  let app: ConsumingApplication;

  const deliverTo = async (ackTimeoutMs: number) => {
    app = ConsumingApplication.consuming([0], { handler: { ackTimeoutMs } });
    app.client.deliver(0, 0);
    return app.handling('orders-0@0');
  };

  afterEach(async () => {
    for (const { end } of app.calls) end.resolve(undefined);
    await app.consumer.stop();
  });

  it('completes its message after it has returned', async () => {
    const { context, end } = await deliverTo(5_000);
    end.resolve(undefined);
    await everythingDue();
    expect(app.client.commits).toEqual([]);

    context.ack();

    await app.committed('orders-0@1');
  });

  it('is called again after a nack, as after a failure', async () => {
    const { context, end } = await deliverTo(5_000);

    context.nack();
    end.resolve(undefined);

    const { context: second } = await app.handling('orders-0@0', 2);
    expect(second.attempt).toBe(2);
    expect(app.consumer.status().failedAttempts).toBe(1);
  });

  it('is called again when it has returned without an answer', async () => {
    const { end } = await deliverTo(10);

    end.resolve(undefined);

    await app.handling('orders-0@0', 2);
  });

  it('may answer after the loss of its partition, to no effect', async () => {
    const { context } = await deliverTo(5_000);
    app.client.lose(0);

    context.ack();
    await everythingDue();

    expect(app.client.commits).toEqual([]);
  });
});
