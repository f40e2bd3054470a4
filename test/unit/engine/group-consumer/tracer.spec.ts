import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Trace, Tracer } from '../../../../lib/engine/recovery/watchers.js';
import { ConsumingApplication, everythingDue, soon } from '../../../support/consuming-application.js';
import { handlerBinding } from '../../../support/handler-binding.js';

/** Keeps what it is told of each message. */
class Notes implements Tracer {
  isOn = true;
  readonly lines: string[] = [];

  begin([message]: Parameters<Tracer['begin']>[0]): Trace {
    const note = (line: string): void => void this.lines.push(`${message!.offset}: ${line}`);
    note('begin');
    return {
      run: (call) => {
        note('run');
        return call();
      },
      failed: ({ attempt, consequence }) => note(`attempt ${attempt} failed, ${consequence}`),
      end: (verdict) => note(`end, ${verdict}`),
    };
  }
}

describe('The tracer of a group consumer', () => {
  let app: ConsumingApplication;
  let tracer: Notes;
  beforeEach(() => {
    tracer = new Notes();
  });
  afterEach(async () => {
    await app.consumer.stop();
  });

  const retryingIn = (initialDelayMs: number) => ({
    retry: { ...handlerBinding().retry, initialDelayMs, maxDelayMs: initialDelayMs },
  });

  it('follows a message through its attempts', async () => {
    app = ConsumingApplication.consuming([0], { tracer, handler: retryingIn(0) });
    app.client.deliver(0, 0);
    await app.failed('orders-0@0');
    (await app.handling('orders-0@0', 2)).end.resolve(undefined);
    await app.committed('orders-0@1');

    expect(tracer.lines).toEqual(['0: begin', '0: run', '0: attempt 1 failed, retry', '0: run', '0: end, handled']);
  });

  it('is asked for nothing while it is not on', async () => {
    tracer.isOn = false;
    app = ConsumingApplication.consuming([0], { tracer });
    app.client.deliver(0, 0);
    await app.handled('orders-0@0');
    await app.committed('orders-0@1');

    expect(tracer.lines).toEqual([]);
  });

  it('is told of the end of a message whose partition is lost between two attempts', async () => {
    app = ConsumingApplication.consuming([0], { tracer, handler: retryingIn(60_000) });
    app.client.deliver(0, 0);
    await app.failed('orders-0@0');
    await soon(() => tracer.lines.length === 3);

    app.client.lose(0);

    expect(tracer.lines.slice(2)).toEqual(['0: attempt 1 failed, retry', '0: end, abandoned']);
  });

  it('is told of the end of a message whose partition is lost during an attempt once that has settled', async () => {
    app = ConsumingApplication.consuming([0], { tracer });
    app.client.deliver(0, 0);
    const call = await app.handling('orders-0@0');
    app.client.lose(0);
    await everythingDue();
    expect(tracer.lines).toEqual(['0: begin', '0: run']);

    call.end.reject(new Error('aborted'));
    await everythingDue();

    expect(tracer.lines.slice(2)).toEqual(['0: end, abandoned']);
  });

  it('is told once of the end of a message whose partition is lost after its retries', async () => {
    app = ConsumingApplication.consuming([0], { tracer, handler: retryingIn(0) });
    app.client.deliver(0, 0);
    await app.failed('orders-0@0');
    (await app.handling('orders-0@0', 2)).end.resolve(undefined);
    await app.committed('orders-0@1');
    app.client.lose(0);

    expect(tracer.lines.filter((line) => line.startsWith('0: end'))).toEqual(['0: end, handled']);
  });
});
